#include <Eigen/SVD>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/language/model/language_model.hpp>
#include <cohort/optimizer/muon.hpp>
#include <cohort/optimizer/sgd.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/update/part_views.hpp>
#include "after.hpp"

using namespace optimizer_runs;

namespace {

parameter_layout matrix_of(std::ptrdiff_t outputs, std::ptrdiff_t inputs, bool turn) {
  return {outputs * inputs, {{0, turn ? inputs : outputs, turn ? outputs : inputs, matrix_place::hidden, turn}}};
}

template <class Backend>
double furthest_from_torch() {
  double furthest = 0;
  for (auto [outputs, inputs] : {std::pair{6, 4}, std::pair{3, 7}})
    for (bool turn : {false, true}) {
      std::string shape = "_" + std::to_string(outputs) + "x" + std::to_string(inputs);
      auto one = [&](std::string const& name, muon<> const& o) {
        double d = distance<Backend>(name + shape, o, matrix_of(outputs, inputs, turn), {}, turn);
        furthest = d <= furthest ? furthest : d;
      };
      one("muon", {.rate = falling});
      one("muon_plain", {.rate = falling, .nesterov = false, .decay = 0, .orthogonal = {.iterations = 3}});
      one("muon_match_rms", {.rate = falling, .scale = muon_scale::match_rms});
      one("muon_spectral", {.rate = falling, .scale = muon_scale::spectral});
    }
  return furthest;
}

}  // namespace

TEST_CASE(
    "muon: 50 steps leave the parameters of torch.optim.Muon told to compute in float64, to 1e-12, however the matrix "
    "is kept",
    "[golden]") {
  CHECK(furthest_from_torch<cpu>() < 1e-12);
  CHECK(furthest_from_torch<archetype<double>>() < 1e-12);
}

// Five iterations lengthen what is small by up to 3.4445^5 = 485, and so the rounding of U, 6e-8 of its norm: 3e-5 of
// steps of .01, little beside that of the parameters.
TEST_CASE("muon: in float it stays within the rounding of 50 steps, 3e-6", "[golden]") {
  CHECK(furthest_from_torch<in_float>() < 3e-6);
}

TEST_CASE("orthogonalize: the singular vectors stay, the singular values come near 1") {
  eigen::basic_backend<double> backend;
  for (auto [rows, columns] : {std::pair{20, 12}, std::pair{5, 40}, std::pair{1, 9}}) {
    using eigen_matrix = Eigen::Matrix<double, -1, -1, Eigen::RowMajor>;
    numbers x = uniform(rows * columns, 1);
    Eigen::Map<eigen_matrix> mapped(x.data(), rows, columns);
    eigen_matrix before = mapped;
    orthogonalize(backend, newton_schulz{}, matrix(x, rows));
    Eigen::JacobiSVD<Eigen::MatrixXd> svd(before, Eigen::ComputeThinU | Eigen::ComputeThinV);
    Eigen::MatrixXd inside = svd.matrixU().transpose() * mapped * svd.matrixV();
    for (int i = 0; i < inside.rows(); ++i)
      for (int j = 0; j < inside.cols(); ++j) {
        if (i != j) CHECK(std::abs(inside(i, j)) < 1e-10);
        else CHECK((inside(i, i) > .65 && inside(i, i) < 1.25));
      }
  }
}

TEST_CASE("orthogonalize: a matrix of zeros stays one, a NaN reaches all") {
  cpu backend;
  numbers zeros(12, 0.), broken = uniform(12, 1);
  broken[3] = std::nan("");
  orthogonalize(backend, newton_schulz{}, matrix(zeros, 3));
  CHECK(zeros == numbers(12, 0.));
  orthogonalize(backend, newton_schulz{}, matrix(broken, 3));
  for (double x : broken) CHECK(std::isnan(x));
}

TEST_CASE(
    "muon: what is no hidden matrix is moved by the other optimizer, with its own rate, decay and clipping, and by it "
    "alone") {
  cpu backend;
  // 2 loose, a hidden 3 x 2, an output 2 x 2, 1 loose
  parameter_layout layout(13, {{2, 3, 2}, {8, 2, 2, matrix_place::output}});
  muon o{.rate = .1, .others = adamw{.rate = .01, .decay = .5}};
  auto state = o.start(backend, layout);
  CHECK(state.bytes() == 8 * (6 + 2 * 7) + 7);
  adamw alone{.rate = .01, .decay = .5};
  auto of_alone = alone.start(backend, parameter_layout(7, {{2, 2, 2, matrix_place::output}}));
  numbers p = uniform(13, 1), start = p, rest{p[0], p[1], p[8], p[9], p[10], p[11], p[12]}, scale{.5};
  for (std::uint32_t k = 0; k < 3; ++k) {
    numbers g = uniform(13, 2 + k, -4, 4), h{g[0], g[1], g[8], g[9], g[10], g[11], g[12]};
    o.update(backend, state, 0, all(p), view<double const>(all(g)), view<double const>(all(scale)), 3);
    alone.update(backend, of_alone, 0, all(rest), view<double const>(all(h)), view<double const>(all(scale)), 3);
  }
  CHECK(numbers{p[0], p[1], p[8], p[9], p[10], p[11], p[12]} == rest);
  for (int i = 2; i < 8; ++i) CHECK(std::abs(p[i] - start[i]) > 1e-3);
}

TEST_CASE("muon: any optimizer may stand beside it") {
  cpu backend;
  muon o{.rate = .1, .others = sgd{.rate = 1.}};
  auto state = o.start(backend, parameter_layout(5, {{1, 2, 2}}));
  numbers p(5, 0.), g{1, 2, 3, 4, 5}, scale{1};
  o.update(backend, state, 0, all(p), view<double const>(all(g)), view<double const>(all(scale)));
  CHECK(p[0] == -1);
}

TEST_CASE("adamw: by default matrices decay and nothing else") {
  cpu backend;
  adamw o{.rate = .1, .decay = .5};
  auto state = o.start(backend, parameter_layout(5, {{1, 1, 2, matrix_place::input}, {3, 1, 1}}));
  numbers p(5, 1.), g(5, 0.), scale{1};
  o.update(backend, state, 0, all(p), view<double const>(all(g)), view<double const>(all(scale)));
  CHECK(p == numbers{1, .95, .95, .95, 1});
}

TEST_CASE(
    "layout: an actor_critic names the weights of both networks, between which are biases, and neither log_std nor a "
    "bias is one") {
  cpu backend;
  actor_critic policy{backend, classic_control::cart_pole{}, {.hidden = {5, 6}}, random_seed{1}};
  auto layout = policy.layout();
  REQUIRE(layout.matrices.size() == 6);
  std::ptrdiff_t of_weights = 0;
  for (auto const& m : layout.matrices) of_weights += m.size();
  CHECK(of_weights == 4 * 5 + 5 * 6 + 6 * 2 + 4 * 5 + 5 * 6 + 6);
  CHECK(layout.size - of_weights == 5 + 6 + 2 + 5 + 6 + 1);
  CHECK(layout.matrices[0].place == matrix_place::input);
  CHECK(layout.matrices[1].place == matrix_place::hidden);
  CHECK(layout.matrices[2].place == matrix_place::output);
  CHECK(layout.matrices[1].first == 4 * 5 + 5);
  CHECK(layout.matrices[1].inputs() == 5);
  CHECK(layout.matrices[1].outputs() == 6);
  for (auto const& m : layout.matrices)  // biases begin at 0, weights do not
    for (std::ptrdiff_t i = 0; i < m.size(); ++i) REQUIRE(policy.parameters()[m.first + i] != 0);
  auto of_critic = detail::critic_part<decltype(policy)>{policy}.layout();
  REQUIRE(of_critic.matrices.size() == 3);
  CHECK(of_critic.matrices[0].first == 0);
  CHECK(of_critic.matrices[2].columns == 1);
}

TEST_CASE(
    "layout: a language model names the embedding, seven matrices of each layer, the head and that of its values, but "
    "no norm") {
  cpu backend;
  decoder_options o{.vocabulary = 7, .hidden = 4, .intermediate = 6, .layers = 2, .heads = 2, .kv_heads = 1};
  for (bool tied : {true, false}) {
    o.tied = tied;
    language_model_with_value model{backend, o, random_seed{1}};
    auto layout = model.layout();
    REQUIRE(layout.matrices.size() == std::size_t(1 + 14 + !tied + 1));
    CHECK(layout.matrices.front().place == matrix_place::input);
    for (std::size_t i = 1; i <= 14; ++i) CHECK(layout.matrices[i].place == matrix_place::hidden);
    for (std::size_t i = 15; i < layout.matrices.size(); ++i) CHECK(layout.matrices[i].place == matrix_place::output);
    CHECK(layout.matrices[2].rows == 2);  // keys: one head of two
    std::ptrdiff_t end = 0, ones = 0;
    for (auto const& m : layout.matrices) {
      for (; end < m.first; ++end) ones += model.parameters()[end] == 1;
      end = m.first + m.size();
    }
    CHECK(ones == 5 * 4);
    CHECK(layout.size == end + 1);
  }
}

TEST_CASE("muon, parameter_layout: what cannot be is refused") {
  cpu backend;
  CHECK_THROWS_WITH(muon{}.start(backend, parameter_layout(4)),
                    "muon: the policy tells of no hidden matrices, expected a member layout() with one or more");
  parameter_layout one(4, {{0, 2, 2}});
  CHECK_THROWS_WITH(muon{.rate = 0.}.start(backend, one), "muon: rate is 0, expected a positive number");
  CHECK_THROWS_WITH(muon{.momentum = 1}.start(backend, one), "muon: momentum is 1, expected a number in [0, 1)");
  CHECK_THROWS_WITH(muon{.decay = -1}.start(backend, one), "muon: decay is -1, expected 0 or more");
  CHECK_THROWS_WITH((muon{.orthogonal = {.iterations = 0}}.start(backend, one)),
                    "muon: iterations is 0, expected a number from 1 to 99");
  CHECK_THROWS_WITH((muon{.orthogonal = {.epsilon = 0}}.start(backend, one)),
                    "muon: epsilon is 0, expected a positive number");
  CHECK_THROWS_AS((parameter_layout(3, {{0, 2, 2}})), value_error);
  CHECK_THROWS_AS((parameter_layout(8, {{0, 2, 2}, {3, 2, 2}})), value_error);
  CHECK_THROWS_AS((parameter_layout(8, {{0, 0, 2}})), value_error);
}
