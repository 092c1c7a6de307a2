#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>
#include <cohort/language.hpp>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/parameters.hpp"
#include "../support/refusal.hpp"
#include "../support/spaces.hpp"
#include "small_run.hpp"

using namespace cohort;
using files::scratch;
using support::parameters_of;
using support::refusal;

namespace {

/// A layer of one's own, 2 x.
struct doubled {
  layer_extents extents(layer_extents const& in) const { return in; }
  template <backend B>
  void forward(B& b, layer_pass<B> const& p) const {
    b.map(outputs{p.y}, detail::scaled_by{2}, p.x);
  }
  template <backend B>
  void backward(B& b, layer_pass<B> const&, out_view<B> dy, layer_views<value_t<B>>, out_view<B> dx) const {
    if (dx) b.map(outputs{dx}, detail::scaled_by{2}, in_view<B>(dy));
  }
  template <backend B>
  void tangent(B& b, layer_pass<B> const&, layer_views<value_t<B> const>, in_view<B> dx, out_view<B> dy) const {
    b.map(outputs{dy}, detail::scaled_by{2}, dx);
  }
};

}  // namespace

TEST_CASE("policy files: what is loaded has the network of the file and acts the same") {
  scratch const here;
  auto const path = here.path / "policy.cohort";
  eigen::backend cpu;
  auto same = [&](auto& policy, auto loaded, std::size_t observations) {
    CHECK(parameters_of(loaded) == parameters_of(policy));
    using action = typename std::remove_reference_t<decltype(policy)>::action;
    int const width = policy.distribution().action_width();
    std::vector<float> seen(observations * 3, .25f);
    std::vector<action> a(std::size_t(3 * width)), b(a);
    auto rows = view<float const>(seen.data(), 3, std::ptrdiff_t(observations));
    policy.act_deterministic(cpu, rows, view(a.data(), 3, width));
    loaded.act_deterministic(cpu, rows, view(b.data(), 3, width));
    CHECK(a == b);
  };
  SECTION("an actor and its critic, which share their trunk") {
    classic_control::cart_pole e;
    actor_critic policy{
        cpu, e, {.hidden = {9, 5}, .activation = activation::relu, .trunk = trunk::shared}, random_seed{3}};
    save(cpu, policy, path);
    same(policy, load<actor_critic>(cpu, e, path), 4);
  }
  SECTION(
      "networks of every layer, separate, asymmetric and shared, and of a distribution that reads the last of them") {
    classic_control::cart_pole e;
    auto each = [&](auto const& n) {
      actor_critic policy{cpu, e, n, random_seed{3}};
      save(cpu, policy, path);
      same(policy, load<actor_critic>(cpu, e, path), 4);
    };
    each(small_run::every_layer);
    each(networks{.actor = network{columns{0, 3}, embedding{7, 2}}, .critic = small_run::every_layer, .log_std = -1});
    each(networks{.actor = small_run::every_layer, .trunk = trunk::shared});
    classic_control::pendulum box;
    actor noisy{cpu, box, gsde{}, network{dense{5}, layer_norm{}}, random_seed{3}};
    save(cpu, noisy, path);
    same(noisy, load<actor>(cpu, box, gsde{}, path), 3);
  }
  SECTION("without a hidden layer, in a box") {
    classic_control::pendulum e;
    actor policy{cpu, e, {.hidden = {}, .log_std = -1}, random_seed{3}};
    save(cpu, policy, path);
    same(policy, load<actor>(cpu, e, path), 3);
  }
  SECTION("what observations are normalized by; a run's file has it too, and another policy is refused") {
    classic_control::cart_pole e;
    network_options const network{.hidden = {8}, .normalize_observations = running_normalization{.until = 500}};
    auto const seen = [] {
      std::vector<float> all;
      for (int k = 0; k < 40; ++k) all.push_back(float(k % 7));
      return all;
    }();
    actor_critic policy{cpu, e, network, random_seed{3}};
    policy.observe(cpu, view<float const>(seen.data(), 10, 4));
    save(cpu, policy, path);
    auto loaded = load<actor_critic>(cpu, e, path);
    same(policy, load<actor_critic>(cpu, e, path), 4);
    CHECK(loaded.options().normalize_observations->until == 500);
    for (auto* p : {&policy, &loaded}) p->observe(cpu, view<float const>(seen.data() + 4, 9, 4));
    CHECK(std::equal(policy.numbers().data, policy.numbers().data + policy.numbers().rows, loaded.numbers().data));
    training run{cpu, algorithm<>{.rollout = {.count = 4, .horizon = 16}}, e, policy, {.steps = 1000, .seed = 1}};
    run.step();
    save(cpu, run, path);
    same(policy, load<actor_critic>(cpu, e, path), 4);
    actor_critic without{cpu, e, {.hidden = {8}}, random_seed{3}};
    CHECK(refusal<cohort_error>([&] {
            load(cpu, without, path);
          }).starts_with(path.string() + ": policy.normalize_observations"));
    auto other = network;
    other.normalize_observations->clip = 5;
    actor_critic clipped{cpu, e, other, random_seed{3}};
    CHECK(refusal<cohort_error>([&] { load(cpu, clipped, path); }) ==
          path.string() + ": policy.normalize_observations.clip is 10.0, expected 5.0");
  }
  SECTION("several choices, and bits") {
    actor policy{cpu, spaces::bits{}, {.hidden = {6}}, random_seed{3}};
    save(cpu, policy, path);
    same(policy, load<actor>(cpu, spaces::bits{}, path), std::size_t(spaces::bits::observations.dimensions));
  }
  SECTION("a distribution of choice") {
    classic_control::pendulum e;
    auto each = [&](auto model) {
      actor_critic policy{cpu, e, model, {.hidden = {7}}, random_seed{3}};
      save(cpu, policy, path);
      same(policy, load<actor_critic>(cpu, e, model, path), 3);
    };
    std::apply([&](auto... model) { (each(model), ...); }, catalogue::action_models{});
  }
  SECTION("a language model") {
    decoder_options const shape{
        .vocabulary = 5, .hidden = 8, .intermediate = 6, .layers = 2, .heads = 2, .kv_heads = 1, .context = 9};
    language_model_with_value policy{cpu, shape, random_seed{3}}, other{cpu, shape, random_seed{4}};
    save(cpu, policy, path);
    REQUIRE(parameters_of(other) != parameters_of(policy));
    load(cpu, other, path);
    CHECK(parameters_of(other) == parameters_of(policy));
    language_model without{cpu, shape, random_seed{4}};
    CHECK(refusal<cohort_error>([&] { load(cpu, without, path); }) ==
          path.string() + ": policy.kind is \"language_model_with_value\", expected \"language_model\"");
    auto longer = shape;
    longer.layers = 3;
    language_model_with_value deeper{cpu, longer, random_seed{4}};
    CHECK(refusal<cohort_error>([&] { load(cpu, deeper, path); }) ==
          path.string() + ": policy.network.layers is 2, expected 3");
    auto other_norm = shape;
    other_norm.norm = norm_kind::layer;
    language_model_with_value normed{cpu, other_norm, random_seed{4}};
    CHECK(refusal<cohort_error>([&] { load(cpu, normed, path); }) ==
          path.string() + ": policy.network.norm is absent, expected \"layer\"");
    save(cpu, normed, path);
    load(cpu, normed, path);
  }
}

TEST_CASE("policy files: another network, distribution or space is refused by name, and the policy stays") {
  scratch const here;
  auto const path = here.path / "policy.cohort";
  eigen::backend cpu;
  classic_control::cart_pole e;
  actor_critic policy{cpu, e, {.hidden = {8}}, random_seed{3}};
  save(cpu, policy, path);
  auto refused = [&](auto other) {
    auto const before = parameters_of(other);
    auto const what = refusal<cohort_error>([&] { load(cpu, other, path); });
    CHECK(parameters_of(other) == before);
    REQUIRE(what.starts_with(path.string() + ": "));
    return what.substr(path.string().size() + 2);
  };
  CHECK(refused(actor_critic{cpu, e, {.hidden = {8}, .activation = activation::relu}}) ==
        "policy.network.activation is \"tanh\", expected \"relu\"");
  CHECK(refused(actor_critic{cpu, e, {.hidden = {8, 8}}}) == "policy.network.hidden is [8], expected [8,8]");
  CHECK(refused(actor_critic{cpu, e, {.hidden = {8}, .trunk = trunk::shared}}) ==
        "policy.network.trunk is \"separate\", expected \"shared\"");
  CHECK(refused(actor{cpu, e, {.hidden = {8}}}) == "policy.kind is \"actor_critic\", expected \"actor\"");
  CHECK(refused(actor_critic{cpu, classic_control::pendulum{}, {.hidden = {8}}}) ==
        "policy.actions.kind is \"discrete\", expected \"box\"");
  network const normed{dense{8}, layer_norm{.epsilon = .01}};
  CHECK(refused(actor_critic{cpu, e, normed}) ==
        "policy.network.actor.1 is absent, expected {\"epsilon\":0.01,\"kind\":\"layer_norm\"}");
  actor_critic composed{cpu, e, normed};
  save(cpu, composed, path);
  CHECK(refused(actor_critic{cpu, e, {.hidden = {8, 8}}}) ==
        "policy.network.actor.1.kind is \"layer_norm\", expected \"dense\"");
  CHECK(refused(actor_critic{cpu, e, network{dense{8}, layer_norm{}}}) ==
        "policy.network.actor.1.epsilon is 0.01, expected 1e-05");
  CHECK(refused(actor_critic{cpu, e, networks{.actor = normed, .critic = network{residual{dense{4}}}}}) ==
        "policy.network.critic.0.kind is \"dense\", expected \"residual\"");
  CHECK(refused(actor_critic{cpu, e, networks{.actor = normed, .trunk = trunk::shared}}) ==
        "policy.network.trunk is \"separate\", expected \"shared\"");
  networks const recurrent{.actor = network{dense{8}, gru{3}}, .critic = network{lstm{4}, min_gru{2}}};
  actor_critic remembers{cpu, e, recurrent, random_seed{3}};
  save(cpu, remembers, path);
  auto const again = load<actor_critic>(cpu, e, path);
  CHECK(again.memory() == 1 + 3 + 2 * 4 + 2);
  CHECK(parameters_of(again) == parameters_of(remembers));
  CHECK(refused(actor_critic{cpu, e, network{dense{8}, gru{4}}}).starts_with("policy.network.actor.1.units is 3"));
  classic_control::pendulum box;
  actor_critic bounded{cpu, box, state_dependent_gaussian{.low = -5}, {.hidden = {8}}, random_seed{3}};
  save(cpu, bounded, path);
  CHECK(refused(actor_critic{cpu, box, state_dependent_gaussian{.low = -6}, {.hidden = {8}}}) ==
        "policy.distribution.low is -5.0, expected -6.0");
  CHECK(refused(actor_critic{cpu, box, {.hidden = {8}}}).starts_with("policy.distribution."));
}

TEST_CASE("policy files: a layer of one's own comes from the program, and networks that cannot be are refused") {
  scratch const here;
  auto const path = here.path / "policy.cohort";
  eigen::backend cpu;
  classic_control::cart_pole e;
  actor own{cpu, e, network{dense{8}, doubled{}}, random_seed{3}}, other{cpu, e, network{dense{8}, doubled{}}};
  save(cpu, own, path);
  CHECK(refusal<cohort_error>([&] { load<actor>(cpu, e, path); }) ==
        path.string() +
            ": its network cannot be made: layer 1 is own::doubled, a layer of your own: make the policy with "
            "it and load into that");
  load(cpu, other, path);
  CHECK(parameters_of(other) == parameters_of(own));
  actor_critic two{cpu, e, networks{.actor = network{layer_norm{}}, .critic = network{dense{4}, layer_norm{}}}};
  for (char const* part : {"actor", "critic"}) {
    auto about = detail::description_of(two);
    about["policy"]["network"][part]["0"] = {{"kind", "dense"}, {"units", 1'000'000}, {"activation", "tanh"}};
    file::write_state(path, about, detail::sources_of_saved(cpu, two), {});
    CHECK(refusal<cohort_error>([&] { load<actor_critic>(cpu, e, path); }) ==
          path.string() + ": describes a network of more parameters than it has");
  }
  actor wide{cpu, classic_control::acrobot{}, network{columns{2, 4}, dense{3}, layer_norm{}}};
  save(cpu, wide, path);
  CHECK(refusal<cohort_error>([&] { load<actor>(cpu, e, path); }) ==
        path.string() +
            ": its network cannot be made: layer 0, columns, of 4 numbers: columns: first is 2 and count 4, "
            "expected columns of the 4 that come in");
}

TEST_CASE("policy files: existing ones are replaced unless that is refused, and a full disk leaves what was there") {
  scratch const here;
  auto const path = here.path / "policy.cohort";
  eigen::backend cpu;
  actor first{cpu, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{3}},
      second{cpu, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{4}};
  save(cpu, first, path);
  auto const whole = files::get(path);
  CHECK_THROWS_AS(save(cpu, second, path, {.what = existing::refuse}), io_error);
  {
    files::small_disk const disk(600);
    CHECK_THROWS_AS(save(cpu, second, path), io_error);
  }
  CHECK(files::get(path) == whole);
  CHECK(files::entries(here.path) == 1);
  save(cpu, second, path);
  CHECK(files::get(path) != whole);
  CHECK_THROWS_WITH(save(cpu, first, here.path / "missing" / "policy.cohort"),
                    (here.path / "missing" / "policy.cohort").string() + " cannot be made: No such file or directory");
}
