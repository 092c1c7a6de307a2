#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/deploy/export_header.hpp>
#include <sstream>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"
#include "../support/spaces.hpp"

using namespace cohort;
using files::scratch;

namespace {

/// The program that includes every header of a test and prints what each says of some observations.
struct program {
  scratch const& here;
  std::string includes, body;
  std::vector<std::vector<double>> expected;

  template <class Policy>
  void add(eigen::backend& cpu, Policy& policy, std::string const& name) {
    export_header(cpu, policy, here.path / (name + ".hpp"), {.name = name});
    includes += "#include \"" + name + ".hpp\"\n";
    body += "  std::printf(\"%d\\n\", int(" + name + "::self_test()));\n";
    expected.push_back({1});
    auto const& spaces = policy.spaces();
    int const memory = policy.memory();
    std::size_t const D = spaces.observations.size(), all = std::size_t(policy.observations() - memory);
    bool const masked = all > D;
    std::string rows;
    std::vector<float> remembered(std::size_t(memory), 0.f);
    random_stream draws(stream_id{7, draw_purpose::user});
    for (int k = 0; k < (masked ? 300 : 8); ++k) {
      std::vector<float> seen(all);
      for (std::size_t d = 0; d < all; ++d) {
        seen[d] = float(d < D ? draws.uniform(-1, 1) : draws.uniform(0, 1) < .6);
        char number[32];
        std::snprintf(number, sizeof number, d ? ", %.9ef" : "{%.9ef", double(seen[d]));
        rows += number;
      }
      rows += "},\n";
      seen.insert(seen.end(), remembered.begin(), remembered.end());
      std::vector<typename Policy::action> a(std::size_t(policy.distribution().action_width()));
      view<float const> const row(seen.data(), 1, std::ptrdiff_t(seen.size()));
      policy.act_deterministic(cpu, row, view(a.data(), 1, std::ptrdiff_t(a.size())));
      if (memory > 0) policy.remember(cpu, row, view(remembered.data(), 1, std::ptrdiff_t(memory)));
      expected.emplace_back(a.begin(), a.begin() + std::ptrdiff_t(spaces.actions.size()));
    }
    body += "  {\n    const float rows[][" + std::to_string(all) + "] = {\n" + rows + "};\n" +
            (memory > 0 ? "    " + name + "::memory remembered;\n" : "") +
            "    for (const auto& row : rows) {\n      " + (spaces.actions.kind == "box" ? "float" : "int") + " a[" +
            name + "::actions];\n";
    if (masked)
      body += "      bool mask[" + name + "::mask_size];\n      for (int k = 0; k < " + name +
              "::mask_size; ++k) mask[k] = row[" + name + "::observations + k] != 0;\n";
    std::string const given = std::string("row") + (masked ? ", mask" : "") + (memory > 0 ? ", remembered" : "");
    if (spaces.actions.kind == "discrete") body += "      a[0] = " + name + "::act(" + given + ");\n";
    else body += "      " + name + "::act(" + given + ", a);\n";
    body += "      for (auto x : a) std::printf(\"%.9g \", double(x));\n      std::printf(\"\\n\");\n    }\n  }\n";
  }

  /// A header of which another part than `part` would do: its test of itself has to see that.
  void add_broken(std::string const& name, std::string const& part, std::string const& instead) {
    auto text = files::get(here.path / (name + ".hpp"));
    for (auto const& [was, is] : {std::pair{part, instead}, {"namespace " + name, "namespace broken_" + name}}) {
      auto const at = text.find(was);
      REQUIRE(at != text.npos);
      text.replace(at, was.size(), is);
    }
    files::put(here.path / ("broken_" + name + ".hpp"), text);
    includes += "#include \"broken_" + name + ".hpp\"\n";
    body += "  std::printf(\"%d\\n\", int(broken_" + name + "::self_test()));\n";
    expected.push_back({0});
  }

  void write() const {
    files::put(here.path / "main.cpp", includes + "#include <cstdio>\nint main() {\n" + body + "}\n");
  }
  /// The furthest that any number is from the policy's; infinity where the program is not built, runs not, or prints
  /// something else.
  double furthest(std::string const& compiler) const {
    double const wrong = std::numeric_limits<double>::infinity();
    auto built = files::run_in(here, compiler,
                               "-std=c++17 -O1 -fno-exceptions -fno-rtti -Wall -Wextra -Werror main.cpp -o program");
    UNSCOPED_INFO(built.err);
    if (built.status != 0) return wrong;
    std::istringstream lines(files::run_in(here, "./program", "").out);
    double most = 0;
    for (auto const& row : expected) {
      std::string line;
      std::getline(lines, line);
      std::istringstream numbers(line);
      for (double want : row) {
        double x;
        if (!(numbers >> x)) return wrong;
        most = std::max(most, std::abs(x - want));
      }
    }
    return most;
  }
};

/// Of the user's own, and named almost like one of the library's.
struct steeper_beta_distribution : beta_distribution {};

bool is_there(std::string const& compiler) {
  return std::system(("command -v " + compiler + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

namespace {

struct too_few_names : classic_control::pendulum {
  static constexpr std::array observation_names{"cosine", "sine"};
};
struct no_names : classic_control::pendulum {
  static constexpr std::array observation_names{"cosine", "sine", "speed of turning"};
};
struct same_names : classic_control::pendulum {
  static constexpr std::array observation_names{"x", "y", "x"};
};
struct unnamed : support::counting {};

}  // namespace

TEST_CASE(
    "export_header: headers of every distribution give the policy's actions, with any action mask, with each compiler "
    "that is here") {
  scratch const here;
  eigen::backend cpu;
  program all{here, {}, {}, {}};
  classic_control::cart_pole pole;
  classic_control::pendulum pendulum;
  actor_critic push{cpu, pole, {.policy_gain = 2}, random_seed{3}};
  all.add(cpu, push, "push");
  actor_critic shared{cpu,
                      pole,
                      {.hidden = {9, 5}, .activation = activation::relu, .trunk = trunk::shared, .policy_gain = 2},
                      random_seed{3}};
  all.add(cpu, shared, "shared");
  actor none{cpu, pendulum, {.hidden = {}, .policy_gain = 2}, random_seed{3}};
  all.add(cpu, none, "no_hidden_layer");
  auto const looked_at = [] {
    std::vector<float> all;
    for (int k = 0; k < 40; ++k) all.push_back(float(k * 7 % 11) / 11 - float(k % 4) / 5);
    return all;
  }();
  actor normalized{
      cpu, pole, {.policy_gain = 2, .normalize_observations = running_normalization{.clip = 1}}, random_seed{3}};
  normalized.observe(cpu, view<float const>(looked_at.data(), 10, 4));
  all.add(cpu, normalized, "normalized");
  all.add_broken("normalized", "if (seen[d] > 1) seen[d] = 1;", "");
  actor unlimited{cpu, pole, {.policy_gain = 2, .normalize_observations = empirical_normalization}, random_seed{3}};
  unlimited.observe(cpu, view<float const>(looked_at.data(), 10, 4));
  all.add(cpu, unlimited, "unlimited");
  network const layers{side_by_side{columns{1, 2}, network{dense{4, activation::linear}, layer_norm{.epsilon = .01}}},
                       residual{dense{5, activation::relu}, dense{6, activation::linear}}, dense{4, activation::relu}};
  actor composed{cpu, pendulum, networks{.actor = layers, .policy_gain = 2}, random_seed{3}};
  all.add(cpu, composed, "composed");
  all.add_broken("composed", "/ std::sqrt(variance", "/ (variance");
  actor_critic gated{cpu, pendulum, networks{.actor = network{dense{4}, gru{3}}, .policy_gain = 2}, random_seed{3}};
  all.add(cpu, gated, "gated");
  all.add_broken("gated", "h[o] = y[o];", ";");
  actor deep{cpu, pole,
             networks{.actor = network{residual{lstm{4}, min_gru{4}}, lstm{3}, min_gru{2}, gru{5}}, .policy_gain = 2},
             random_seed{3}};
  all.add(cpu, deep, "deep");
  all.add_broken("deep", "c[o] = keep * c[o] +", "c[o] = keep * keep +");
  actor careful{cpu, spaces::doors{}, networks{.actor = network{gru{6}}, .policy_gain = 2}, random_seed{3}};
  all.add(cpu, careful, "careful");
  actor choices{cpu, spaces::choices{}, {.policy_gain = 2}, random_seed{3}};
  all.add(cpu, choices, "several_choices");
  actor bits{cpu, spaces::bits{}, {.policy_gain = 2}, random_seed{3}};
  all.add(cpu, bits, "bits");
  auto masked = [&](auto const& environment, std::string const& name, std::string const& part,
                    std::string const& instead) {
    actor policy{cpu, environment, {.hidden = {16}, .policy_gain = 2}, random_seed{3}};
    all.add(cpu, policy, name);
    all.add_broken(name, part, instead);
  };
  masked(spaces::doors{}, "doors", "if (mask[a] && ", "if (mask != nullptr && ");
  masked(spaces::masked_choices{}, "masked_choices", ", mask += choices[k]", "");
  masked(spaces::masked_bits{}, "masked_bits", "mask[2 * k + 1] && (y[k] > 0 || !mask[2 * k])",
         "y[k] > 0 && mask != nullptr");
  int number = 0;
  auto of_box = [&](auto model) {
    actor policy{cpu, spaces::numbers{}, model, {.hidden = {8}, .policy_gain = 2}, random_seed{3}};
    all.add(cpu, policy, "box" + std::to_string(number++));
  };
  std::apply([&](auto... model) { (of_box(model), ...); }, catalogue::action_models{});
  all.write();
  int compilers = 0;
  for (std::string const compiler : {"g++", "clang++", "clang++-19"}) {
    if (!is_there(compiler)) continue;
    ++compilers;
    CAPTURE(compiler);
    CHECK(all.furthest(compiler) <= 1e-6);
  }
  CHECK(compilers > 0);
}

TEST_CASE("export_header: CartPole's is under 70 KB of text, and needs no memory of its own") {
  scratch const here;
  eigen::backend cpu;
  actor policy{cpu, classic_control::cart_pole{}, {}, random_seed{3}};
  export_header(cpu, policy, here.path / "controller.hpp");
  CHECK(files::get(here.path / "controller.hpp").size() < 70'000);
  files::put(here.path / "use.cpp",
             "#include \"controller.hpp\"\nint use(const float* seen) { return controller::act(seen); }\n"
             "bool test() { return controller::self_test(); }\n");
  if (!is_there("g++") || !is_there("nm")) return;
  REQUIRE(files::run_in(here, "g++", "-std=c++17 -Os -fno-exceptions -fno-rtti -c use.cpp -o use.o").status == 0);
  auto const names = files::run_in(here, "nm", "-u use.o").out;
  CHECK(names.find("tanhf") != std::string::npos);
  for (char const* name : {"malloc", "_Znw", "_Zna", "__cxa", "__gxx_personality", "_Unwind"})
    CHECK(names.find(name) == std::string::npos);
}

TEST_CASE("export_header: what the environment calls its numbers is there by name, with units") {
  scratch const here;
  eigen::backend cpu;
  auto const text_of = [&](auto const& environment) {
    actor policy{cpu, environment, {.hidden = {4}}, random_seed{3}};
    export_header(cpu, policy, here.path / "controller.hpp");
    return files::get(here.path / "controller.hpp");
  };
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(
      text_of(classic_control::cart_pole{}),
      ContainsSubstring("namespace observed {\nenum {\n  position,  // m\n  velocity,  // m/s\n  angle,  // rad\n"
                        "  angular_velocity  // rad/s\n};\n}\n") &&
          ContainsSubstring("namespace chosen {\nenum {\n  left,\n  right\n};\n}\n"));
  CHECK_THAT(text_of(classic_control::pendulum{}),
             ContainsSubstring("namespace chosen {\nenum {\n  torque  // N m\n};\n}\n"));
  CHECK_THAT(text_of(unnamed{}), !ContainsSubstring("enum"));
  CHECK_THROWS_WITH(text_of(too_few_names{}), "export_header: the environment has 2 observation_names, expected 3");
  CHECK_THROWS_WITH(text_of(no_names{}),
                    ContainsSubstring("'speed of turning' is one of the environment's "
                                      "observation_names, expected a C++ name that is no other's"));
  CHECK_THROWS_WITH(text_of(same_names{}), ContainsSubstring("'x' is one of the environment's observation_names"));
}

TEST_CASE("export_header: what a header cannot say is refused by name, with nothing written") {
  scratch const here;
  eigen::backend cpu;
  auto const path = here.path / "controller.hpp";
  actor<eigen::backend, categorical> bare{cpu, categorical{2}, 4, {}, random_seed{3}};
  CHECK_THROWS_WITH(export_header(cpu, bare, path),
                    "export_header: the policy was made without an environment, whose spaces a header needs");
  actor own{cpu, classic_control::pendulum{}, steeper_beta_distribution{}, {.hidden = {8}}, random_seed{3}};
  CHECK_THROWS_WITH(
      export_header(cpu, own, path),
      Catch::Matchers::StartsWith("export_header: a header has no formula for the most probable action of "
                                  "steeper_beta_distribution; it has those of"));
  actor broken{cpu, classic_control::pendulum{}, {.hidden = {8}}, random_seed{3}};
  broken.parameters().data[9] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(export_header(cpu, broken, path), not_finite_error);
  CHECK_THROWS_WITH(export_header(cpu, broken, path),
                    "export_header: number 9 of the policy's actor.0.weight is inf, expected a finite float");
  actor seeing{cpu, classic_control::pendulum{}, network{residual{image{1, 3, 1}, convolution{1, 1}}}};
  CHECK_THROWS_WITH(export_header(cpu, seeing, path),
                    "export_header: actor.0.0 is image, and a header has dense, layer_norm, residual, columns, "
                    "side_by_side, gru, lstm and min_gru alone");
  auto text_with = [&](auto const& critic) {  // of which a header has nothing
    actor_critic policy{cpu, classic_control::pendulum{}, networks{.actor = network{dense{4}}, .critic = critic},
                        random_seed{3}};
    export_header(cpu, policy, path);
    auto const text = files::get(path);
    std::filesystem::remove(path);
    return text;
  };
  CHECK(text_with(network{lstm{3}}) == text_with(network{dense{3}}));
  actor two{cpu, classic_control::pendulum{}, network{dense{8}, dense{4, activation::relu}}};
  CHECK_THROWS_WITH(export_header(cpu, two, path),
                    "export_header: the actor is 3-8-4-1 (tanh, relu), and a header has one activation");
  actor fine{cpu, classic_control::pendulum{}, {.hidden = {8}}, random_seed{3}};
  for (auto const* name : {"", "7up", "my policy", "a::b", "x;"})
    CHECK_THROWS_WITH(export_header(cpu, fine, path, {.name = name}),
                      "export_header: name is '" + std::string(name) + "', expected a C++ name: letters, digits and _");
  CHECK(files::entries(here.path) == 0);
}
