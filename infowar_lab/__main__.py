"""`python -m infowar_lab` is the command `infowar-lab`."""

from experiments.__main__ import main

if __name__ == "__main__":
    main()
