"""Keras warns of its own doings; every other warning stays an error."""


def pytest_configure(config):
    # numpy 2 asks Keras's variables for an argument that they lack, and says so wherever one becomes an array
    config.addinivalue_line("filterwarnings", "ignore:__array__ implementation doesn't accept a copy keyword")
