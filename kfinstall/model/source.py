"""From the text of a document to a checked model, in one import.

    text = read_text("install.yaml")
    [document] = parse(text, "install.yaml")
    model = validate(Model, document)

Each of them raises DocumentError, with a Problem (`file:line:col: path: what`) for everything that is wrong.
"""

from kfinstall.model.document import Document, Path, path_text, problem
from kfinstall.model.parse import parse
from kfinstall.model.text import decode, read_text
from kfinstall.model.validate import check, validate

__all__ = ["Document", "Path", "check", "decode", "parse", "path_text", "problem", "read_text", "validate"]
