package main

// place is one of the feature database: invented places in an invented valley.
type place struct {
	name string
	at   coordinates
}

// coordinates are in degrees times 10^7, as in the message Point.
type coordinates struct{ latitude, longitude int32 }

// places has no two at one point.
var places = []place{
	{"Heron Bridge", coordinates{471000000, 100000000}},
	{"Old Salt Works", coordinates{471328004, 100930217}},
	{"Mill of the Two Sisters", coordinates{470601263, 98503819}},
	{"Windless Pass", coordinates{471623826, 98594810}},
	{"Copper Kettle Inn", coordinates{471266905, 100644390}},
	{"Lantern Field", coordinates{470621632, 100328339}},
	{"Saint Orla's Well", coordinates{470950254, 98357268}},
	{"The Nine Steps", coordinates{470680244, 100018841}},
	{"Foxglove Quarry", coordinates{471376970, 98492994}},
	{"Upper Weir", coordinates{471004706, 98580477}},
	{"Lower Weir", coordinates{471655629, 99980562}},
	{"Tollkeeper's House", coordinates{470623963, 100571684}},
	{"Birch Gate", coordinates{470759631, 99136332}},
	{"Hollow Oak Crossing", coordinates{471822518, 100831645}},
	{"Kestrel Rock", coordinates{471722633, 98459468}},
	{"Drowned Chapel", coordinates{471710272, 100655938}},
	{"Beacon Hill", coordinates{471331899, 98407992}},
	{"Thistle Farm", coordinates{470963642, 98395381}},
	{"Blackthorn Halt", coordinates{471667410, 98758575}},
	{"Halfway Stone", coordinates{471107354, 99957996}},
	{"Marten Ford", coordinates{470802524, 100467800}},
	{"Glassmakers' Row", coordinates{470747028, 100594585}},
	{"Pilgrim Orchard", coordinates{471146933, 100549889}},
	{"Echo Gorge", coordinates{470879010, 98632246}},
	{"Ropewalk Landing", coordinates{471719703, 100595804}},
	{"Quiet Harbour", coordinates{471839898, 98987988}},
	{"Ninefold Spring", coordinates{471280974, 98608653}},
	{"Larch Hut", coordinates{471648703, 101186809}},
	{"Shepherd's Table", coordinates{470631678, 100567132}},
	{"Cinder Lane Depot", coordinates{470624992, 100796314}},
	{"Whitewater Locks", coordinates{470931926, 100282113}},
	{"Juniper Lookout", coordinates{471615098, 99993452}},
	{"Amber Pit", coordinates{471158814, 100152875}},
	{"Crooked Pine", coordinates{471728012, 100100793}},
	{"Summer Observatory", coordinates{471258293, 99457313}},
	{"Moth Cave", coordinates{471020988, 98953996}},
	{"Starling Tower", coordinates{471011907, 98543324}},
	{"The Long Barn", coordinates{471704653, 99459336}},
	{"Ferryman's Rest", coordinates{471601416, 100276668}},
	{"Badger Hollow", coordinates{471220320, 101259515}},
	{"Seven Larches", coordinates{471441273, 99407698}},
	{"Old Powder Mill", coordinates{471777079, 98507026}},
	{"Rainmaker's Cottage", coordinates{470747601, 100347201}},
	{"Swift Viaduct", coordinates{471376867, 98891901}},
	{"Goat Track Saddle", coordinates{471217343, 98837469}},
	{"Bellfounders' Yard", coordinates{471525429, 99968731}},
	{"Sundial Square", coordinates{470582223, 101002700}},
	{"Otter Pool", coordinates{470662781, 101406842}},
	{"Lichen Wall", coordinates{471670369, 100603444}},
	{"Far Pasture", coordinates{471157976, 99626576}},
}

// placeAt is the place at exactly that point, or nil.
func placeAt(at coordinates) *place {
	for i := range places {
		if places[i].at == at {
			return &places[i]
		}
	}
	return nil
}
