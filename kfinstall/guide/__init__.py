"""What a person is asked on the way to an Install document, whoever shows it: questions, answers, what they mean."""
