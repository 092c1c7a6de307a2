#pragma once
// Algorithms compared on an environment of the user's, as a table, a page and rows. As JSON:
// cohort/compare/summary_json.hpp, which needs cohort::file (nlohmann-json).
#include <cohort/compiler.hpp>  // first: it says where the compiler is too old
//
#include <cohort/compare/compare.hpp>
#include <cohort/compare/curves_csv.hpp>
#include <cohort/compare/markdown.hpp>
#include <cohort/compare/report.hpp>
#include <cohort/compare/table.hpp>
