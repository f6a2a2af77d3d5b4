//! The feature database: invented places in an invented valley.

/// In degrees times 10^7, as in the message Point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Coordinates {
    pub latitude: i32,
    pub longitude: i32,
}

#[derive(Debug)]
pub struct Place {
    pub name: &'static str,
    pub at: Coordinates,
}

const fn place(name: &'static str, latitude: i32, longitude: i32) -> Place {
    Place { name, at: Coordinates { latitude, longitude } }
}

/// All of them; no two at one point.
pub static PLACES: [Place; 50] = [
    place("Heron Bridge", 471_000_000, 100_000_000),
    place("Old Salt Works", 471_328_004, 100_930_217),
    place("Mill of the Two Sisters", 470_601_263, 98_503_819),
    place("Windless Pass", 471_623_826, 98_594_810),
    place("Copper Kettle Inn", 471_266_905, 100_644_390),
    place("Lantern Field", 470_621_632, 100_328_339),
    place("Saint Orla's Well", 470_950_254, 98_357_268),
    place("The Nine Steps", 470_680_244, 100_018_841),
    place("Foxglove Quarry", 471_376_970, 98_492_994),
    place("Upper Weir", 471_004_706, 98_580_477),
    place("Lower Weir", 471_655_629, 99_980_562),
    place("Tollkeeper's House", 470_623_963, 100_571_684),
    place("Birch Gate", 470_759_631, 99_136_332),
    place("Hollow Oak Crossing", 471_822_518, 100_831_645),
    place("Kestrel Rock", 471_722_633, 98_459_468),
    place("Drowned Chapel", 471_710_272, 100_655_938),
    place("Beacon Hill", 471_331_899, 98_407_992),
    place("Thistle Farm", 470_963_642, 98_395_381),
    place("Blackthorn Halt", 471_667_410, 98_758_575),
    place("Halfway Stone", 471_107_354, 99_957_996),
    place("Marten Ford", 470_802_524, 100_467_800),
    place("Glassmakers' Row", 470_747_028, 100_594_585),
    place("Pilgrim Orchard", 471_146_933, 100_549_889),
    place("Echo Gorge", 470_879_010, 98_632_246),
    place("Ropewalk Landing", 471_719_703, 100_595_804),
    place("Quiet Harbour", 471_839_898, 98_987_988),
    place("Ninefold Spring", 471_280_974, 98_608_653),
    place("Larch Hut", 471_648_703, 101_186_809),
    place("Shepherd's Table", 470_631_678, 100_567_132),
    place("Cinder Lane Depot", 470_624_992, 100_796_314),
    place("Whitewater Locks", 470_931_926, 100_282_113),
    place("Juniper Lookout", 471_615_098, 99_993_452),
    place("Amber Pit", 471_158_814, 100_152_875),
    place("Crooked Pine", 471_728_012, 100_100_793),
    place("Summer Observatory", 471_258_293, 99_457_313),
    place("Moth Cave", 471_020_988, 98_953_996),
    place("Starling Tower", 471_011_907, 98_543_324),
    place("The Long Barn", 471_704_653, 99_459_336),
    place("Ferryman's Rest", 471_601_416, 100_276_668),
    place("Badger Hollow", 471_220_320, 101_259_515),
    place("Seven Larches", 471_441_273, 99_407_698),
    place("Old Powder Mill", 471_777_079, 98_507_026),
    place("Rainmaker's Cottage", 470_747_601, 100_347_201),
    place("Swift Viaduct", 471_376_867, 98_891_901),
    place("Goat Track Saddle", 471_217_343, 98_837_469),
    place("Bellfounders' Yard", 471_525_429, 99_968_731),
    place("Sundial Square", 470_582_223, 101_002_700),
    place("Otter Pool", 470_662_781, 101_406_842),
    place("Lichen Wall", 471_670_369, 100_603_444),
    place("Far Pasture", 471_157_976, 99_626_576),
];

/// The place at exactly that point.
pub fn place_at(point: Coordinates) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.at == point)
}
