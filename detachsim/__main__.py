"""``python -m detachsim`` is the ``detachsim`` command."""

from detachsim.cli.main import main

if __name__ == "__main__":
    main()
