"""The requests of a stream, one at a time."""

import queue


class Outbox:
    """Requests that a test gives to a call when it likes: outbox.send(message), outbox.end()."""

    _END = object()

    def __init__(self, *messages):
        self._messages = queue.SimpleQueue()
        for message in messages:
            self.send(message)

    def send(self, message) -> None:
        self._messages.put(message)

    def end(self) -> None:
        self._messages.put(self._END)

    def __iter__(self):
        return self

    def __next__(self):
        message = self._messages.get()
        if message is self._END:
            raise StopIteration
        return message
