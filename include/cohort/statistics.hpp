#pragma once
// Statistics of runs, for themselves: they need nothing else of the library.
#include <cohort/statistics/aggregate.hpp>
#include <cohort/statistics/bootstrap.hpp>
#include <cohort/statistics/improvement.hpp>
#include <cohort/statistics/power.hpp>
#include <cohort/statistics/profile.hpp>
#include <cohort/statistics/quantile.hpp>
#include <cohort/statistics/scores.hpp>
#include <cohort/statistics/t_test.hpp>
