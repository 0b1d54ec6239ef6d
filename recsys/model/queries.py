"""Tokens of their own for the sends of a day, so that all of them are asked for in one pass.

    contents  0 1 2 3 4 5     a token a send: what the sends before it and its prompt make of it
    days      a a b b b c
    queries         . .       the second and third send of b: its prompt, after the last send of a

A content attends to the contents up to itself. A query attends to the contents of earlier days and to itself,
and nothing attends to a query; so it is what the content would be if its send had come first of its day, and
what a case is when it is asked (`recsys.sequences.cases`). The first of a day needs no query: its content is
that already. As in XLNet's two streams (Yang et al. 2019) contents and queries share the weights; here the
order is that of days, a query is a token like the others and not a stream from a bare mask, and only the
sends that need one have one. A layer costs as much as for windows longer by the queries.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Queries:
    """Which sends of a batch have a query, and where.

    Attributes
    ----------
    rows, columns, slots:
        Row, column and place among the row's queries of each, int64 [K].
    starts:
        The column at which each one's day begins, int64 [K].
    shape:
        Rows, columns and most queries of a row.
    """

    rows: torch.Tensor
    columns: torch.Tensor
    slots: torch.Tensor
    starts: torch.Tensor
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, asked: torch.Tensor, starts: torch.Tensor) -> Queries | None:
        """Of the sends that are `asked` for, bool [batch, length], those that do not begin their day.

        Parameters
        ----------
        asked:
            Bool [batch, length].
        starts:
            The column at which each send's day begins, int64 [batch, length].

        Returns
        -------
        None where there are none.
        """
        wanted = asked & (starts < torch.arange(asked.shape[1], device=asked.device))
        rows, columns = wanted.nonzero(as_tuple=True)
        if not len(rows):
            return None
        slots = (wanted.long().cumsum(1) - 1)[rows, columns]
        shape = (*asked.shape, int(slots.max()) + 1)
        return cls(rows, columns, slots, starts[rows, columns], shape)

    @property
    def real(self) -> torch.Tensor:
        """Which places of the queries are taken: bool [batch, queries]."""
        return self.placed(torch.ones_like(self.rows, dtype=torch.bool))

    def placed(self, values: torch.Tensor) -> torch.Tensor:
        """Values of the queries, [K, ...], at their places, [batch, queries, ...], 0 elsewhere."""
        rows, _, queries = self.shape
        found = values.new_zeros(rows, queries, *values.shape[1:])
        return found.index_put((self.rows, self.slots), values)

    def with_queries(self, contents: torch.Tensor, queries: torch.Tensor) -> torch.Tensor:
        """Contents [batch, length, ...] and queries [batch, queries, ...] as tokens, side by side."""
        return torch.cat([contents, queries], dim=1)

    def at_start(self, values: torch.Tensor) -> torch.Tensor:
        """Values of contents, [batch, length], and for each query that of the send that begins its day."""
        return self.with_queries(values, self.placed(values[self.rows, self.starts]))

    def visible(self, real: torch.Tensor) -> torch.Tensor:
        """Which tokens (last axis) each attends to: bool [batch, 1, tokens, tokens]; itself, always."""
        rows, length, queries = self.shape
        column = torch.arange(length, device=real.device)
        end = self.with_queries((column + 1).expand(rows, length), self.placed(self.starts))
        contents = real.unsqueeze(1) & (column < end.unsqueeze(-1))  # [batch, tokens, length]
        padded = torch.nn.functional.pad(contents, (0, queries))
        own = torch.eye(length + queries, dtype=torch.bool, device=real.device)
        return (padded | own).unsqueeze(1)

    def outputs(self, output: torch.Tensor) -> torch.Tensor:
        """The body's output of all tokens to that of each position, [batch, length, width]."""
        length = self.shape[1]
        contents = output[:, :length]
        return contents.index_put((self.rows, self.columns), output[self.rows, length + self.slots])
