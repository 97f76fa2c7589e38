"""What a document changes in the objects of a release, and adds to them: storage, rights, images, access, proxy."""
