"""What was measured, and the figures drawn from it."""

from dataclasses import asdict, dataclass, field
from statistics import median

# Of a core: a sample during which other processes took more is disturbed.
QUIET = 0.10


@dataclass
class Results:
    """Samples stand in the order of the repeats, so that those of one repeat can be compared with each other."""

    samples: dict = field(default_factory=dict)  # load name -> server name -> [Sample]
    peak_kib: dict = field(default_factory=dict)  # load name -> server name -> KiB
    streams_kib: dict = field(default_factory=dict)  # load name -> server name -> [(KiB per open stream, KiB in all)]

    p99_ms: dict = field(default_factory=dict)  # server name -> [(alone, beside spinners, beside compression)]
    codec: list = field(default_factory=list)  # what bench/protobuf_codec prints
    fairness: list = field(default_factory=list)  # [what the one asks for -> "part", "jain" -> figure]
    late: list = field(default_factory=list)  # [reason -> figure of bench/kill_client -> ms]

    def add(self, load, server, sample):
        self.samples.setdefault(load, {}).setdefault(server, []).append(sample)

    def median(self, load, server, figure):
        """The median of a field of Sample over the repeats, or None when it was not measured."""
        samples = self.samples.get(load, {}).get(server)
        return median(getattr(sample, figure) for sample in samples) if samples else None

    def ratio(self, load, server, other, figure):
        """The median of the ratios within each repeat: what slows the machine down for a while slows both."""
        pairs = zip(self.samples.get(load, {}).get(server, ()), self.samples.get(load, {}).get(other, ()))
        ratios = [getattr(mine, figure) / theirs for mine, their in pairs if (theirs := getattr(their, figure)) > 0]
        return median(ratios) if ratios else None

    def difference(self, load, server, other, figure):
        """The median of the differences within each repeat."""
        pairs = zip(self.samples.get(load, {}).get(server, ()), self.samples.get(load, {}).get(other, ()))
        differences = [getattr(mine, figure) - getattr(their, figure) for mine, their in pairs]
        return median(differences) if differences else None

    def stream_memory(self, load, server):
        """KiB for each open stream."""
        return self._streams_median(load, server, 0)

    def memory_with_streams(self, load, server):
        """KiB of the process with the streams open."""
        return self._streams_median(load, server, 1)

    def p99(self, server, beside):
        """In ms; `beside`: 0 for nobody, 1 for those that spin, 2 for one that compresses."""
        measured = self.p99_ms.get(server)
        return median(found[beside] for found in measured) if measured else None

    def lateness(self, reason):
        """Within how many ms 95 % of the guests were stopped; the median over the repeats."""
        return median(late[reason]["p95_ms"] for late in self.late) if self.late else None

    def fair(self, asks, figure):
        """Of loads.Fairness; the median over the repeats."""
        return median(figures[asks][figure] for figures in self.fairness) if self.fairness else None

    def codec_ns(self, contender):
        """Of decoding and encoding the message once."""
        return median(figures[contender] for figures in self.codec) if self.codec else None

    def codec_ratio(self, contender):
        """To libprotobuf, natively; the median of the ratios within each repeat."""
        ratios = [figures[contender] / figures["libprotobuf_ns"] for figures in self.codec]
        return median(ratios) if ratios else None

    def _streams_median(self, load, server, figure):
        measured = self.streams_kib.get(load, {}).get(server)
        return median(figures[figure] for figures in measured) if measured else None

    def disturbed(self):
        """How many of the samples are, of how many, and the largest share of a core that others took."""
        shares = [sample.others_share for servers in self.samples.values() for samples in servers.values()
                  for sample in samples]
        return sum(share > QUIET for share in shares), len(shares), max(shares, default=0.0)

    def as_json(self):
        return {
            "samples": {load: {server: [asdict(sample) for sample in samples] for server, samples in servers.items()}
                        for load, servers in self.samples.items()},
            "peak_memory_kib": self.peak_kib,
            "p99_ms_alone_beside_spinners_and_beside_compression": self.p99_ms,
            "lateness_of_kills": self.late,
            "protobuf_codec": self.codec,
            "fairness": self.fairness,
            "kib_per_open_stream_and_in_all": self.streams_kib,
        }
