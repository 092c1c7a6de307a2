#include <cohort/backend/eigen.hpp>
#include <cohort/language/model/training_memory.hpp>

#include "../catch.hpp"

using namespace cohort;

TEST_CASE("training_memory: activations are those that a decoder of these parts keeps") {
  std::vector<decoder_options> all(3, {.vocabulary = 40,
                                       .hidden = 24,
                                       .intermediate = 20,
                                       .layers = 3,
                                       .heads = 4,
                                       .kv_heads = 2,
                                       .head_size = 8,
                                       .context = 64});
  all[1].query_key_norms = all[1].norms_after = true, all[1].norm = norm_kind::rms_plus_one;
  all[2].gated = false, all[2].norm = norm_kind::layer, all[2].learned_positions = true, all[2].biased = true;
  std::vector<std::int32_t> const tokens(30, 3);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    eigen::backend cpu;
    language_model model(cpu, all[i], random_seed{1});
    token_packing<eigen::backend> packing;
    packing.prompt(all[i], std::span(tokens).first(10));
    packing.completion(all[i], tokens);
    packing.finish(cpu, all[i]);
    std::vector<float> logp(tokens.size());
    model.evaluate(cpu, std::as_const(model).parameters(), packing, 1,
                   {{logp.data(), std::ptrdiff_t(logp.size())}, {}, {}});
    CHECK(double(model.network().activation_bytes()) == 4. * double(packing.rows()) * detail::kept_of_row(all[i]));
  }
}

TEST_CASE("training_memory: what is not there takes nothing, and what is half as much takes half") {
  training_extents e{.model = {.vocabulary = 40, .hidden = 24, .intermediate = 20, .layers = 3, .heads = 4},
                     .reference = true,
                     .prompts = 4,
                     .group = 8,
                     .max_tokens = 16,
                     .prompt_tokens = 10};
  auto part = [](training_extents const& of, std::string const& name) {
    for (auto const& one : training_memory(of))
      if (one.name == name) return one.bytes;
    return 0.;
  };
  double const P = 4 * e.model.parameters();
  CHECK(part(e, "parameters") == P);
  CHECK(part(e, "gradient") == P);
  CHECK(part(e, "optimizer") == 2 * P);
  CHECK(part(e, "reference") == P);
  CHECK(total_of(training_memory(e)) > 6 * P);
  auto less = e;
  less.prompts = 2;
  CHECK(part(less, "keys, values and logits of generation") == part(e, "keys, values and logits of generation") / 2);
  less.reference = false, less.prompts = 0;
  CHECK(part(less, "reference") == 0);
  CHECK(part(less, "weights prepared for generation") == 0);
  less = e;
  less.settings.rows_per_pass = 64;
  CHECK(part(less, "activations") < part(e, "activations") / 4);
  less = e;
  less.adapters = 100, less.base_bytes = 5000;
  CHECK(part(less, "the model, as it lies in its files") == 5000);
  CHECK(part(less, "adapters") == 400);
  CHECK(part(less, "optimizer") == 800);
  CHECK(part(less, "reference") == 400);
  CHECK(part(less, "parameters") + part(less, "weights prepared for generation") == 0);
}
