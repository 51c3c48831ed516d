"""What a tracking store tells of series: their points, samples of them, and the buckets of charts."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from hookline.bands import PointsInView, bands_of
from hookline.charts import chart_history, points_in_view
from hookline.entities import ChartAxis, ChartBand, ChartPairs, ChartSeries, ChartView, PairsView, Points, RunRecord
from hookline.pairs import pairs_of
from hookline.samples import check_sample, sample


class SeriesReading(ABC):
    """Reads series. All but `metric_history` has a body here, by which a store is right before it is quick."""

    @abstractmethod
    def get_run(self, run_id: str) -> RunRecord:
        """See `TrackingStore.get_run`."""

    @abstractmethod
    def metric_history(self, run_id: str, key: str) -> Iterator[Points]:
        """Yield all points of a series in blocks, ordered by (timestamp, step, value); nothing where there is none.

        Raises:
            NotFound: there is no such run.
        """

    def metric_sample(
        self, run_id: str, key: str, size: int, *, start: int | None = None, end: int | None = None
    ) -> Points:
        """Return the points of a series at `size` of its steps, evenly spread, ordered by (step, timestamp, value).

        Where it has no more steps than `size`, all points are returned. Else its steps are cut into `size` parts of
        nearly equal length, the longer ones first, and the points at the first step of each part are returned, but of
        the last part those at its last step.

        The sample is taken from `metric_history` here; a store that knows better replaces this method.

        Args:
            size: how many steps, at least 1. start, end: the first and the last step, both included; default all.

        Raises:
            NotFound: there is no such run. InvalidValue: a size below 1, or an end before the start.
        """
        check_sample(size, start, end)
        return sample(key, self.metric_history(run_id, key), size, start, end)

    def chart(
        self,
        run_ids: Sequence[str],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartSeries]:
        """Return the series of a key in runs, deleted ones too, as at most `width` buckets each, in the given order.

        The points whose x lies from `start` to `end` are those that are shown, each in one bucket. Where they are no
        more than `width`, each point is a bucket. Where they are more, x is cut into columns, and the points of a
        column are a bucket: x lies in column `(x + 2**63) // 2**n`, where n is the least whole number, 0 or more, with
        which there are no more than `width` columns from the first x to the last. So columns begin at multiples of
        their length, whatever part of a series is shown, and a store can keep summaries that are cut at the same
        places. Columns without points are left out. A run without such points has a series without buckets.

        The buckets are computed from `metric_history` here; a store that knows better replaces this method.

        Args:
            x: `step`; `time`, milliseconds since the Unix epoch; or `relative`, milliseconds since the run's start.
            width: as many as there are pixels is enough.
            start, end: both included; default all.

        Raises:
            NotFound: there is no such run. InvalidValue: an unknown axis, or a width below 1.
        """
        view = ChartView(x, width, start, end)
        origins = {run_id: self.get_run(run_id).info.start_time if x == "relative" else 0 for run_id in run_ids}
        return [
            chart_history(run_id, key, self.metric_history(run_id, key), view, origins[run_id]) for run_id in run_ids
        ]

    def chart_bands(
        self,
        groups: Mapping[str, Sequence[str]],
        key: str,
        *,
        x: ChartAxis = "step",
        width: int = 1000,
        start: int | None = None,
        end: int | None = None,
    ) -> Sequence[ChartBand]:
        """Return the series of a key in groups of runs as one band of at most `width` buckets each, in the given order.

        The range from the first x that is shown of any run to the last is cut into at most `width` columns, as that of
        a series of `chart` is; all groups have the same columns. A group has a bucket for each column in which
        one of its runs has points. A run counts in the buckets from its first finite value to its last point, by its
        latest finite value there or before, so that runs that log at different x are compared at each of them. The
        mean is over these values, one for each run however many points it has; the least and the greatest value are
        over them and over all finite points of the column. What is not finite is counted.

        The buckets are computed from `metric_history` here; a store that knows better replaces this method.

        Args:
            groups: the ids of the runs of each group by its name; a run may be in several, and counts once in each.
            x, width, start, end: as in `chart`.

        Raises:
            NotFound: there is no such run. InvalidValue: an unknown axis, or a width below 1.
        """
        view = ChartView(x, width, start, end)
        runs = {}
        for run_id in dict.fromkeys(run_id for run_ids in groups.values() for run_id in run_ids):
            origin = self.get_run(run_id).info.start_time if x == "relative" else 0
            points = points_in_view(self.metric_history(run_id, key), view, origin)
            runs[run_id] = PointsInView(origin, *points)
        return bands_of(groups, key, runs, width)

    def chart_pairs(
        self,
        run_ids: Sequence[str],
        key: str,
        x_key: str,
        *,
        width: int = 1000,
        start: float | None = None,
        end: float | None = None,
    ) -> Sequence[ChartPairs]:
        """Return a key over another one in runs, deleted ones too, as at most `width` buckets each, in the given order.

        The two are joined by step: a pair is the points of `key` at a step, and the last finite value of `x_key` there,
        which is its x. Points whose step has no such value are left out, as are those of `x_key` at steps without
        `key`, and both are counted. Where one of the two has more than 10,000 points, columns of steps take the place
        of steps: x lies in column `(step + 2**63) // 2**n`, where n is the least whole number, 0 or more, with which
        neither of the two has more than 1,024 columns from its first step to its last. `steps` says how many there are
        in a column.

        Pairs are shown of whose finite values of `x_key` the range from `start` to `end` has a part. Where the
        steps of a column were taken together, the steps from the first to the last pair that is shown are joined anew,
        for as long as that makes columns shorter: a closer look ends at single steps.

        The pairs are ordered by x, then by step. Where they are no more than `width`, each is a bucket. Where they are
        more, x is cut into columns, and the pairs of a column are a bucket: x lies in column
        `(x + 2**1024) // 2**n`, where n is the least whole number, negative ones too, with which there are no more than
        `width` columns from the first pair to the last. Columns without pairs are left out.

        The buckets are computed from `chart` here, so that a run costs a few charts however long it is.

        Args:
            x_key: the metric on the x axis.
            width, start, end: as in `chart`, but that `start` and `end` are values of `x_key`.

        Raises:
            NotFound: there is no such run. InvalidValue: a width below 1, or a range of no finite numbers.
        """
        view = PairsView(width, start, end)

        def pairs(run_id: str) -> ChartPairs:
            def draw(key: str, width: int, start: int | None, end: int | None) -> ChartSeries:
                return self.chart([run_id], key, width=width, start=start, end=end)[0]

            return pairs_of(run_id, (key, x_key), draw, view)

        return [pairs(run_id) for run_id in run_ids]
