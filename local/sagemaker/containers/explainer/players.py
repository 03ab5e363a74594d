"""What a record's prediction is attributed to: features, and of a text its units."""

from explainer.configuration import TEXT
from explainer.feature_records import to_number
from explainer.text_units import replace_units, units_of


class Players:
    """The players of one record, in the order of its features."""

    def __init__(self, features, config):
        self._features, self._baseline = features, config.baseline
        self.units = [
            units_of(str(value), config.granularity) if kind == TEXT else None
            for value, kind in zip(features, config.feature_types)
        ]
        self._all = [
            (column, unit)
            for column, units in enumerate(self.units)
            for unit in (range(len(units)) if units is not None else [None])
        ]
        # What the baseline has, too, moves nothing; leaving it out makes room for the others.
        self.varying = [index for index, player in enumerate(self._all) if self._varies(*player)]

    def __len__(self):
        return len(self._all)

    def synthesize(self, coalition, baseline):
        """The features where only the varying players of the coalition have the record's value."""
        kept = [True] * len(self._all)
        for index, is_kept in zip(self.varying, coalition):
            kept[index] = bool(is_kept)
        made, start = [], 0
        for value, units, other in zip(self._features, self.units, baseline):
            end = start + (1 if units is None else len(units))
            if units is None:
                made.append(value if kept[start] else other)
            else:
                made.append(replace_units(str(value), units, kept[start:end], str(other)))
            start = end
        return made

    def _varies(self, column, unit):
        value = self._features[column] if unit is None else self.units[column][unit][1]
        return any(not _same(value, row[column]) for row in self._baseline)


def _same(one, other):
    number = to_number(one)
    return str(one) == str(other) or (number is not None and number == to_number(other))
