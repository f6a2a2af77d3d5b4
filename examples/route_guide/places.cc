#include "places.h"

namespace routeguide {
namespace {

constexpr Place table[] = {
    {"Heron Bridge", {471000000, 100000000}},
    {"Old Salt Works", {471328004, 100930217}},
    {"Mill of the Two Sisters", {470601263, 98503819}},
    {"Windless Pass", {471623826, 98594810}},
    {"Copper Kettle Inn", {471266905, 100644390}},
    {"Lantern Field", {470621632, 100328339}},
    {"Saint Orla's Well", {470950254, 98357268}},
    {"The Nine Steps", {470680244, 100018841}},
    {"Foxglove Quarry", {471376970, 98492994}},
    {"Upper Weir", {471004706, 98580477}},
    {"Lower Weir", {471655629, 99980562}},
    {"Tollkeeper's House", {470623963, 100571684}},
    {"Birch Gate", {470759631, 99136332}},
    {"Hollow Oak Crossing", {471822518, 100831645}},
    {"Kestrel Rock", {471722633, 98459468}},
    {"Drowned Chapel", {471710272, 100655938}},
    {"Beacon Hill", {471331899, 98407992}},
    {"Thistle Farm", {470963642, 98395381}},
    {"Blackthorn Halt", {471667410, 98758575}},
    {"Halfway Stone", {471107354, 99957996}},
    {"Marten Ford", {470802524, 100467800}},
    {"Glassmakers' Row", {470747028, 100594585}},
    {"Pilgrim Orchard", {471146933, 100549889}},
    {"Echo Gorge", {470879010, 98632246}},
    {"Ropewalk Landing", {471719703, 100595804}},
    {"Quiet Harbour", {471839898, 98987988}},
    {"Ninefold Spring", {471280974, 98608653}},
    {"Larch Hut", {471648703, 101186809}},
    {"Shepherd's Table", {470631678, 100567132}},
    {"Cinder Lane Depot", {470624992, 100796314}},
    {"Whitewater Locks", {470931926, 100282113}},
    {"Juniper Lookout", {471615098, 99993452}},
    {"Amber Pit", {471158814, 100152875}},
    {"Crooked Pine", {471728012, 100100793}},
    {"Summer Observatory", {471258293, 99457313}},
    {"Moth Cave", {471020988, 98953996}},
    {"Starling Tower", {471011907, 98543324}},
    {"The Long Barn", {471704653, 99459336}},
    {"Ferryman's Rest", {471601416, 100276668}},
    {"Badger Hollow", {471220320, 101259515}},
    {"Seven Larches", {471441273, 99407698}},
    {"Old Powder Mill", {471777079, 98507026}},
    {"Rainmaker's Cottage", {470747601, 100347201}},
    {"Swift Viaduct", {471376867, 98891901}},
    {"Goat Track Saddle", {471217343, 98837469}},
    {"Bellfounders' Yard", {471525429, 99968731}},
    {"Sundial Square", {470582223, 101002700}},
    {"Otter Pool", {470662781, 101406842}},
    {"Lichen Wall", {471670369, 100603444}},
    {"Far Pasture", {471157976, 99626576}},
};

}  // namespace

std::span<const Place> places() { return table; }

const Place* place_at(const Coordinates& point) {
  for (const Place& place : table) {
    if (place.at == point) return &place;
  }
  return nullptr;
}

}  // namespace routeguide
