-- Sets fields of a remote representation in place, its linking parameters as well.
return require "almanac.apply.kinds.update_representation"
