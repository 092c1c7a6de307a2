#pragma once
#include "chapter/elements.hpp"
#include "chapter/estimators.hpp"
#include "chapter/language.hpp"
#include "chapter/objectives.hpp"
#include "chapter/policies.hpp"
#include "chapter/series.hpp"
#include "chapter/training.hpp"
