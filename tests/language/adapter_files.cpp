// Adapters in PEFT's files: what it computes with them, what is written, and models merged with them.
#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>
#include <cohort/language/files/adapter.hpp>
#include <cohort/language/files/load.hpp>
#include <cohort/language/files/write_gguf.hpp>
#include <cohort/language/files/write_model.hpp>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/model_logits.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using support::distance;
using support::logits_of;

namespace {

std::string const models = paths::golden("llama/"), adapters = paths::golden("lora/");

double largest(std::vector<double> const& a) { return distance(a, std::vector<double>(a.size(), 0)); }

struct recorded {
  file::safetensors file;
  explicit recorded(std::string const& name) : file(adapters + name + "/expected.safetensors") {}
  std::vector<double> operator()(std::string const& tensor) const {
    std::vector<double> all(detail::product(file.at(tensor).shape, 1));
    file.read<double>(tensor, file.at(tensor).shape, all);
    return all;
  }
  std::vector<std::int32_t> ids() const {
    auto const all = (*this)("ids");
    return {all.begin(), all.end()};
  }
};

void change(std::filesystem::path const& folder, char const* key, json const& value) {
  auto const path = folder / "adapter_config.json";
  json config = json::parse(files::get(path));
  config[key] = value;
  files::put(path, config.dump());
}

}  // namespace

TEMPLATE_TEST_CASE("adapters: logits and gradients of A and B are PEFT's", "[golden]", eigen::basic_backend<float>,
                   eigen::basic_backend<double>) {
  using T = value_t<TestType>;
  double const close = sizeof(T) == 4 ? 4e-6 : 1e-10;
  for (std::string const name : {"untied", "qwen3"}) {
    TestType cpu;
    recorded const expected(name);
    auto policy = language::load_lora(cpu, language::load(cpu, models + name), adapters + name);
    auto const ids = expected.ids();
    auto const logits = expected("logits");
    CAPTURE(name);
    CHECK(distance(logits_of(cpu, policy, ids), logits) <= close * largest(logits));

    token_packing<TestType> packing;
    packing.prompt(policy.options(), std::span(ids).first(1));
    packing.completion(policy.options(), std::span(ids).subspan(1));
    packing.finish(cpu, policy.options());
    std::vector<T> const slopes(ids.size(), -1), none(ids.size(), 0);
    double loss = 0;
    policy.zero_gradient(cpu);
    policy.accumulate_gradient(cpu, packing, 1, [&](std::ptrdiff_t, auto const& now) {
      for (std::ptrdiff_t i = 0; i < now.logp.rows; ++i) loss -= double(now.logp[i]);
      return head_results<T const>{{slopes.data(), now.logp.rows}, {none.data(), now.logp.rows}, {}};
    });
    CHECK(loss == Approx(expected("loss")[0]).epsilon(close));
    for (auto const& t : policy.adapters().tensors) {
      auto const g = policy.gradient().part(t.offset, t.size());
      auto const want = expected("gradient." + detail::name_in_adapter(t));
      CAPTURE(t.name);
      CHECK(distance({g.data, g.data + g.rows}, want) <= close * largest(want));
    }
  }
}

TEST_CASE("adapters: what is written has the tensors that were read, and PEFT's fields; a double may be kept") {
  eigen::backend cpu;
  files::scratch const here("cohort_adapter");
  for (std::string const name : {"untied", "qwen3"}) {
    auto const policy = language::load_lora(cpu, language::load(cpu, models + name), adapters + name);
    auto const to = here.path / name;
    language::save_adapter(cpu, policy, to, {.base = "some/model"});
    file::safetensors const before(adapters + name + "/adapter_model.safetensors"),
        after(to / "adapter_model.safetensors");
    REQUIRE(before.tensors().size() == after.tensors().size());
    for (auto const& [tensor, stored] : before.tensors()) {
      CHECK(after.at(tensor).shape == stored.shape);
      CHECK(std::ranges::equal(after.at(tensor).bytes, stored.bytes));
    }
    json const given = json::parse(files::get(adapters + name + "/adapter_config.json")),
               config = json::parse(files::get(to / "adapter_config.json"));
    for (char const* key : {"peft_type", "task_type", "r", "lora_alpha", "use_rslora", "bias", "lora_dropout"})
      CHECK(config[key] == given[key]);
    CHECK(config["base_model_name_or_path"] == "some/model");
    CHECK_THROWS_WITH(language::save_adapter(cpu, policy, to), ContainsSubstring("exists already"));
    language::save_adapter(cpu, policy, to, {.what = existing::replace});
  }
}

TEST_CASE("adapters: a merged model, written and read again, has the logits of base and adapters") {
  eigen::backend cpu;
  files::scratch const here("cohort_merged");
  for (std::string const name : {"untied", "qwen3"}) {
    auto const ids = recorded(name).ids();
    auto policy = language::load_lora(cpu, language::load(cpu, models + name), adapters + name);
    auto const merged = merged_model(cpu, policy);
    language::write_model<float>(here.path / name, merged.options, merged.parameters);
    auto again = language::load(cpu, here.path / name);
    auto const want = logits_of(cpu, policy, ids);
    CHECK(distance(logits_of(cpu, again, ids), want) <= 3e-6 * largest(want));
    frozen_model<eigen::backend> of_numbers(cpu, merged.options, std::span<float const>(merged.parameters));
    lora_model beside(cpu, of_numbers, {.rank = 2});  // whose B are 0
    CHECK(merged_model(cpu, beside).parameters == merged.parameters);
  }
}

TEST_CASE("adapters: beside a GGUF file, which has Llama's queries and keys in another order, they are the same") {
  eigen::backend cpu;
  files::scratch const here("cohort_adapter_gguf");
  auto const ids = recorded("untied").ids();
  auto folder = language::load_lora(cpu, language::load(cpu, models + "untied"), adapters + "untied");
  auto const base = merged_model(cpu, lora_model(cpu, language::load(cpu, models + "untied"), {.rank = 1}));
  language::write_gguf<float>(here.path / "base.gguf", base.options, base.parameters);
  auto of_folder = language::load_numbers(cpu, models + "untied"),
       of_file = language::load_numbers(cpu, here.path / "base.gguf");
  CHECK(logits_of(cpu, of_folder, ids) == logits_of(cpu, of_file, ids));
  auto policy = language::load_lora(cpu, language::load(cpu, here.path / "base.gguf"), adapters + "untied");
  REQUIRE(policy.options().adjacent_pairs);
  auto const want = logits_of(cpu, folder, ids);
  CHECK(distance(logits_of(cpu, policy, ids), want) <= 3e-6 * largest(want));
  language::save_adapter(cpu, policy, here.path / "adapter");
  CHECK(std::ranges::equal(file::safetensors(here.path / "adapter/adapter_model.safetensors")
                               .at("base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight")
                               .bytes,
                           file::safetensors(adapters + "untied/adapter_model.safetensors")
                               .at("base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight")
                               .bytes));
  auto const merged = merged_model(cpu, policy), other = merged_model(cpu, folder);
  CHECK(merged.options == other.options);
  double most = 0;
  for (std::size_t i = 0; i < merged.parameters.size(); ++i)
    most = std::max(most, std::abs(double(merged.parameters[i]) - double(other.parameters[i])));
  CHECK(most < 1e-6);
}

TEST_CASE("adapters: those of another model, of another kind or of other options are refused by what they are") {
  eigen::backend cpu;
  files::scratch const here("cohort_adapter_refused");
  auto const base = language::load(cpu, models + "untied");
  CHECK_THROWS_WITH(language::load_lora(cpu, language::load(cpu, models + "tied"), adapters + "untied"),
                    ContainsSubstring("adapter_model.safetensors: tensor "
                                      "\"base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight\" has the "
                                      "shape [32,3], expected [64,3]"));
  CHECK_THROWS_WITH(language::load_lora(cpu, base, adapters + "qwen3"),
                    ContainsSubstring("lora_B.weight\" has the shape [64,4], expected [32,4]"));
  CHECK_THROWS_WITH(language::load_lora(cpu, language::load(cpu, models + "gpt2"), adapters + "untied"),
                    ContainsSubstring("learned positions, as GPT-2"));
  lora_model other(cpu, base, {.rank = 4});
  CHECK_THROWS_WITH(language::load_adapter(cpu, other, adapters + "untied"),
                    ContainsSubstring("have the rank 3, and the policy's 4"));
  lora_model fewer(cpu, base, {.rank = 3, .alpha = 5, .targets = {"q_proj"}});
  CHECK_THROWS_WITH(language::load_adapter(cpu, fewer, adapters + "untied"),
                    ContainsSubstring("have the targets q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, "
                                      "down_proj, and the policy's q_proj"));
  decoder_options deeper = base.options();
  deeper.layers = 1;
  language_model shallow(cpu, deeper);
  frozen_model<eigen::backend> one_layer(
      cpu, deeper, std::span<float const>(shallow.parameters().data, std::size_t(shallow.parameters().rows)));
  CHECK_THROWS_WITH(language::load_lora(cpu, one_layer, adapters + "untied"),
                    ContainsSubstring("has tensors that the decoder does not have: \"base_model.model.model.layers.1"));

  auto const folder = here.path / "changed";
  for (auto const& [key, value, why] : std::vector<std::tuple<char const*, json, char const*>>{
           {"peft_type", "IA3", "has peft_type \"IA3\", expected \"LORA\""},
           {"bias", "all", "has bias \"all\", expected \"none\""},
           {"use_dora", true, "has use_dora true, expected nothing: plain LoRA"},
           {"rank_pattern", {{"q_proj", 2}}, "has rank_pattern {\"q_proj\":2}, expected nothing"},
           {"init_lora_weights", "pissa", "has init_lora_weights \"pissa\", expected true, false"},
           {"r", 0, "has r 0, expected a positive integer"},
           {"lora_alpha", -1, "has lora_alpha -1, expected a positive number"}}) {
    std::filesystem::remove_all(folder);
    std::filesystem::copy(adapters + "untied", folder);
    change(folder, key, value);
    CHECK_THROWS_WITH(language::load_lora(cpu, base, folder), ContainsSubstring(why));
  }
}
