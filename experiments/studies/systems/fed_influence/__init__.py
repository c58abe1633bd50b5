"""Fed-Influence: can one run tell what the model would be without each of its clients?"""
