"""What goes wrong while a request is explained, and whose answer it is: the header tells the server before us."""


class RequestError(Exception):
    """The caller's mistake."""

    status_code = 400


class ExplanationError(Exception):
    """The model's answers do not fit the configuration, or there was no time for all of them."""

    status_code = 500


class ModelError(Exception):
    """The model's container answered with an error, or not at all."""

    headers = {"X-Failed-Container": "primary"}

    def __init__(self, message, status_code=500):
        super().__init__(message)
        self.status_code = status_code
