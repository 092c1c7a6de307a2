#include "make_lanes.hpp"

namespace cohort::python {
template std::unique_ptr<environment_lanes> make_lanes<float>(std::string const&, nb::dict const&,
                                                              environment_lanes::options const&);
}  // namespace cohort::python
