#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/deploy/export_onnx.hpp>
#include <cohort/deploy/load_onnx.hpp>
#include <filesystem>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/golden.hpp"
#include "../support/parameters.hpp"
#include "../support/paths.hpp"
#include "../support/spaces.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using files::scratch;

namespace {

struct unmasked_doors : spaces::point {
  static constexpr discrete actions{4};
  outcome step(state& s, int, random_stream& draws) const { return next(s, 0, draws); }
};

/// The operators of a file, in their order.
std::string operators(std::string const& bytes) {
  detail::onnx_file const file(files::bytes(bytes), "file");
  std::string all;
  for (auto const& n : file.nodes()) all += (all.empty() ? "" : " ") + n.op;
  return all;
}

/// What the network of an actor gives in rows of observations.
template <class Policy>
std::vector<float> output_of(eigen::backend& cpu, Policy& policy, std::vector<double> const& seen) {
  auto const plan = detail::plan_of<eigen::backend>(policy.options(), policy.observations());
  detail::chain<eigen::backend> const network(plan.actor, policy.distribution().parameters(), 0);
  std::vector<float> const x(seen.begin(), seen.end());
  layer_trace<eigen::backend> trace;
  auto const y = network.forward(
      cpu, policy.parameters(),
      view<float const>(x.data(), std::ptrdiff_t(x.size()) / policy.observations(), policy.observations()), trace);
  return {y.data, y.data + y.rows * y.columns};
}

double furthest(std::vector<float> const& given, std::vector<double> const& expected) {
  REQUIRE(given.size() == expected.size());
  double most = 0;
  for (std::size_t i = 0; i < given.size(); ++i) most = std::max(most, std::abs(double(given[i]) - expected[i]));
  return most;
}

}  // namespace

TEST_CASE("export_onnx: load_onnx gives back the same parameters, of every distribution") {
  scratch const here;
  eigen::backend cpu;
  auto const path = here.path / "controller.onnx";
  network_options const network{.hidden = {6, 5}, .policy_gain = 2, .log_std = -.5};
  auto same = [&](auto const& environment, std::string const& expected, auto const&... model) {
    actor policy{cpu, environment, model..., network, random_seed{3}};
    export_onnx(cpu, policy, path);
    CHECK(operators(files::get(path)) == "Gemm Tanh Gemm Tanh Gemm" + expected);
    auto again = load_onnx<actor>(cpu, environment, model..., path);
    CHECK(support::parameters_of(again) == support::parameters_of(policy));
  };
  same(classic_control::cart_pole{}, " ArgMax");
  same(classic_control::pendulum{}, " Identity");
  same(spaces::choices{}, " Slice ArgMax Slice ArgMax Concat");
  same(spaces::bits{}, " Greater Cast");
  same(spaces::numbers{}, " Slice", state_dependent_gaussian{});
  same(spaces::numbers{}, " Slice Mul Sigmoid Mul Add", tanh_gaussian{});
  same(spaces::numbers{}, " Slice Slice Softplus Softplus Add Div Greater Where Mul Add", beta_distribution{});
  same(spaces::numbers{}, " Identity", gsde{});
  same(spaces::masked_choices{}, " Equal Where Slice ArgMax Slice ArgMax Concat");
  same(spaces::masked_bits{}, " Slice Equal Slice Equal Where Where Greater Cast");
  same(spaces::doors{}, " Equal Where ArgMax");
  CHECK_THROWS_WITH(load_onnx<actor>(cpu, unmasked_doors{}, path),
                    path.string() +
                        ": the actions are those that the input \"action_mask\" allows, and the environment "
                        "has no action mask");
  CHECK_THROWS_WITH(load_onnx<actor>(cpu, spaces::doors{}, path, {.output = "masked_logits"}),
                    ContainsSubstring("(Where) is none of Gemm, ") &&
                        ContainsSubstring("names what the last layer gives, such as \"logits\""));
}

TEST_CASE("export_onnx: a shared trunk and relu, no hidden layer, double; what it says of itself; existing files") {
  scratch const here;
  eigen::backend cpu;
  eigen::basic_backend<double> wide;
  auto const path = here.path / "controller.onnx";
  classic_control::cart_pole pole;
  std::vector<double> const seen{.1, -.2, .3, .4};
  network_options const network{.hidden = {9, 5}, .activation = activation::relu, .trunk = trunk::shared};
  actor_critic shared{cpu, pole, network, random_seed{3}};
  export_onnx(cpu, shared, path);
  CHECK(operators(files::get(path)) == "Gemm Relu Gemm Relu Gemm ArgMax");
  auto again = load_onnx<actor>(cpu, pole, path);
  CHECK(again.options().activation == activation::relu);
  auto const logits = output_of(cpu, again, seen);
  CHECK(logits.size() == 2);
  controller control{cpu, pole, shared};
  CHECK(control.best(seen) == int(logits[1] > logits[0]));

  actor none{wide, pole, {.hidden = {}}, random_seed{3}};
  export_onnx(wide, none, path);
  auto doubles = load_onnx<actor>(wide, pole, path);
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(support::parameters_of(doubles)[i] == double(float(support::parameters_of(none)[i])));
  std::string const bytes = files::get(path);
  detail::onnx_file const file(files::bytes(bytes), "file");
  CHECK(file.metadata().at("library") == "Cohort " COHORT_VERSION);
  CHECK(file.metadata().at("distribution") == "categorical");
  CHECK(file.metadata().at("actions") == R"({"kind":"discrete","n":[2]})");
  CHECK(file.outputs() == std::vector<std::string>{"action", "logits"});
  CHECK_THROWS_AS(export_onnx(wide, none, path, existing::refuse), io_error);
  CHECK(files::get(path) == bytes);
  CHECK(files::entries(here.path) == 1);
}

TEST_CASE("export_onnx: what observations are normalized by is a part of the file") {
  scratch const here;
  eigen::backend cpu;
  auto const path = here.path / "controller.onnx";
  classic_control::cart_pole pole;
  std::vector<float> const seen{.1f, -.2f, 3, .4f, 2, .7f, 5, -1};
  auto with = [&](running_normalization const& how) {
    actor policy{cpu, pole, {.hidden = {6}, .policy_gain = 2, .normalize_observations = how}, random_seed{3}};
    policy.observe(cpu, view<float const>(seen.data(), 2, 4));
    export_onnx(cpu, policy, path);
    return policy;
  };
  auto logits = [&](auto& policy) {
    std::vector<float> out(4);
    policy.distribution_rows(cpu, policy.parameters(), view<float const>(seen.data(), 2, 4), view(out.data(), 2, 2));
    return std::vector<double>(out.begin(), out.end());
  };
  auto unlimited = with(empirical_normalization);
  CHECK(operators(files::get(path)) == "Sub Mul Gemm Tanh Gemm ArgMax");
  auto again = load_onnx<actor>(cpu, pole, path);  // they became a part of its first layer
  auto const found = logits(again), expected = logits(unlimited);
  for (std::size_t i = 0; i < 4; ++i) CHECK_THAT(found[i], Catch::Matchers::WithinAbs(expected[i], 1e-5));
  with({});
  CHECK(operators(files::get(path)) == "Sub Mul Clip Gemm Tanh Gemm ArgMax");
  CHECK_THROWS_WITH((load_onnx<actor>(cpu, pole, path)), ContainsSubstring("(Clip) is none of Gemm, "));
}

TEST_CASE("export_onnx: composed networks in standard operators; what it does not know is refused by name") {
  scratch const here;
  eigen::backend cpu;
  auto const path = here.path / "controller.onnx";
  classic_control::cart_pole e;
  auto written = [&](auto const& n) {
    actor policy{cpu, e, n, random_seed{3}};
    export_onnx(cpu, policy, path);
    return operators(files::get(path));
  };
  CHECK(written(network{dense{6, activation::linear}, dense{5}, dense{4, activation::relu}}) ==
        "Gemm Gemm Tanh Gemm Relu Gemm ArgMax");
  CHECK(written(network{layer_norm{}, side_by_side{columns{0, 2}, residual{dense{4}}}}) ==
        "MatMul Sub Mul MatMul Add Sqrt Div Mul Add Slice Gemm Tanh Add Concat Gemm ArgMax");
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(written(network{dense{8}, image{2, 4, 1}, convolution{.size = 1}}),
                    "export_onnx: actor.1 is image, and an ONNX file has dense, layer_norm, residual, columns and "
                    "side_by_side alone");
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("load_onnx: policies of Stable-Baselines3, CleanRL, PyTorch and onnx.helper give what these give",
          "[golden]") {
  eigen::backend cpu;
  auto const recorded = golden::read("onnx/expected.txt");
  auto check = [&](std::string const& name, auto& policy) {
    CAPTURE(name);
    auto const& seen = golden::row(recorded, name + "/observation");
    CHECK(furthest(output_of(cpu, policy, seen), golden::row(recorded, name + "/output")) <= 1e-6);
    if constexpr (std::remove_cvref_t<decltype(policy)>::has_critic) {
      auto const& value = golden::row(recorded, name + "/value");
      std::vector<float> const x(seen.begin(), seen.end());
      std::vector<float> found(value.size());
      auto const rows = std::ptrdiff_t(value.size());
      policy.value(cpu, view<float const>(x.data(), rows, policy.observations()), view<float>(found.data(), rows));
      CHECK(furthest(found, value) <= 1e-6);
    }
    if (int const free = policy.distribution().free_parameters()) {
      auto const all = support::parameters_of(policy);
      CHECK(furthest({all.end() - free, all.end()}, golden::row(recorded, name + "/log_std")) == 0);
    }
  };
  auto of = [&](auto const& environment, std::string const& name, auto const&... model) {
    auto policy = load_onnx<actor_critic>(cpu, environment, model..., paths::golden("onnx/" + name + ".onnx"));
    check(name, policy);
  };
  classic_control::cart_pole pole;
  of(pole, "sb3_discrete"), of(pole, "cleanrl_discrete");
  of(classic_control::pendulum{}, "sb3_box"), of(classic_control::pendulum{}, "cleanrl_box");
  of(classic_control::pendulum{}, "sb3_gsde", gsde{});
  for (std::string const name : {"torch", "by_hand"}) {
    auto policy = load_onnx<actor>(cpu, pole, paths::golden("onnx/" + name + ".onnx"));
    check(name, policy);
  }
  auto const whole = paths::golden("onnx/torch_of_sb3.onnx");
  CHECK_THROWS_WITH(
      load_onnx<actor>(cpu, pole, whole),
      ContainsSubstring("(Cast) makes ONNX's type 7, expected 1 (float) or 11 (double)") &&
          ContainsSubstring("names what the last layer gives, such as \"/policy/action_net/Gemm_output_0\""));
  auto policy = load_onnx<actor_critic>(cpu, pole, whole, {.output = "/policy/action_net/Gemm_output_0"});
  check("sb3_discrete", policy);
}

TEST_CASE("load_onnx: a critic that the file has not is that of the seed") {
  scratch const here;
  eigen::backend cpu;
  classic_control::cart_pole pole;
  actor_critic policy{cpu, pole, {.hidden = {6}}, random_seed{3}};
  export_onnx(cpu, policy, here.path / "controller.onnx");
  auto again = load_onnx<actor_critic>(cpu, pole, here.path / "controller.onnx", {.seed = random_seed{3}});
  CHECK(support::parameters_of(again) == support::parameters_of(policy));  // the critic of the same seed
  auto other = load_onnx<actor_critic>(cpu, pole, here.path / "controller.onnx", {.seed = random_seed{4}});
  CHECK(support::parameters_of(other) != support::parameters_of(policy));
}
