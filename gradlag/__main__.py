"""`python -m gradlag` is the command too."""

from gradlag.cli import main

if __name__ == "__main__":
    main()
