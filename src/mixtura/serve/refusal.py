"""Refused: an answer other than 200, with its reason in words."""


class Refused(Exception):
    """A request that is not answered as asked.

    Parameters
    ----------
    status : int
        HTTP status.
    reason : str
        What is wrong and what to do, for the person at the page.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
