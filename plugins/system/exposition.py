"""The numbers of all rooms in Prometheus's formats: text 0.0.4, or OpenMetrics 1.0.0 for who asks for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from math import isinf
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder

from soundwave_core import Metric, Raw

from .metrics import core_metrics

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


class _Families:
    """What prometheus_client calls a collector: it hands over what was collected already."""

    def __init__(self, families: Sequence[Any]) -> None:
        self._families = families

    def collect(self) -> Sequence[Any]:
        return self._families


def expose(core: SoundWave, accept: str) -> Raw:
    """All numbers as they are now, in the format that an Accept header asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families([*_families(core), *ProcessCollector(registry=None).collect()]))
    encode, content_type = choose_encoder(accept)
    return Raw(encode(registry), content_type)


def _families(core: SoundWave) -> list[Family]:
    """The core's, then each plugin's; two of one name would break the whole answer, so the second is left out."""
    families: dict[str, Family] = {"soundwave_request_seconds": _durations(core)}
    failed = dict[tuple[str, ...], float]()
    given = [("", core_metrics(core)), *core.plugins.announce("metrics")]
    for plugin, answer in given:
        try:
            for name, family in _made(plugin, answer):
                if families.setdefault(name, family) is not family:
                    raise ValueError(f"there is a metric {name} already")
        except (TypeError, ValueError, AttributeError) as error:
            log.warning("plugin %s hands in metrics that cannot be shown: %s", plugin, error)
            answer = error
        if plugin:
            failed[plugin,] = int(isinstance(answer, BaseException))
    told = Metric("metrics_failed", "gauge", "1 where a plugin's numbers are missing here.", failed, ["plugin"])
    return [*families.values(), _family("soundwave_metrics_failed", told)]


def _made(plugin: str, answer: Any) -> Iterator[tuple[str, Family]]:
    if isinstance(answer, BaseException):  # logged already, by whoever asked
        return
    prefix = f"soundwave_{plugin}_" if plugin else "soundwave_"
    for metric in answer or ():
        yield prefix + metric.name, _family(prefix + metric.name, metric)


def _family(name: str, metric: Metric) -> Family:
    family: CounterMetricFamily | GaugeMetricFamily = _FAMILIES[metric.kind](
        name, metric.description, labels=list(metric.labels)
    )
    values = metric.values if isinstance(metric.values, Mapping) else {(): metric.values}
    for key, value in values.items():
        family.add_metric(list(map(str, key)), float(value))
    return family


def _durations(core: SoundWave) -> HistogramMetricFamily:
    durations = core.traffic.durations()
    buckets = [("+Inf" if isinf(bound) else str(bound), count) for bound, count in durations.buckets]
    words = "How long requests took, until the first byte of the answer was ready."
    return HistogramMetricFamily("soundwave_request_seconds", words, buckets, durations.seconds)
