#pragma once
// Every layer.
#include <cohort/network/columns.hpp>
#include <cohort/network/convolution.hpp>
#include <cohort/network/dense.hpp>
#include <cohort/network/embedding.hpp>
#include <cohort/network/gru.hpp>
#include <cohort/network/layer_norm.hpp>
#include <cohort/network/lstm.hpp>
#include <cohort/network/min_gru.hpp>
#include <cohort/network/network.hpp>
#include <cohort/network/residual.hpp>
#include <cohort/network/side_by_side.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// Those that are not made of others.
using layers = std::tuple<dense, layer_norm, columns, image, convolution, embedding, gru, lstm, min_gru>;

}  // namespace COHORT_NAMESPACE::catalogue
