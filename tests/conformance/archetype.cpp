#include "../support/archetype.hpp"

#include "chapters.hpp"

using namespace cohort;

TEST_CASE("archetype: in float it passes the conformance suite, with the generic form of every primitive") {
  conformance::run<archetype<float>>([] { return archetype<float>(); });
}

TEST_CASE("archetype: in double it passes the conformance suite, with the generic form of every primitive") {
  conformance::run<archetype<double>>([] { return archetype<double>(); });
}
