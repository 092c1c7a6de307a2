#include <cohort/language/files/model_files.hpp>

#include "../catch.hpp"
#include "../support/allocated.hpp"
#include "../support/damage.hpp"
#include "../support/paths.hpp"

using namespace cohort;

namespace {

/// A model as a program reads it: as many parameters as config.json says.
void read_model(std::filesystem::path const& folder) {
  auto const options = language::read_config(folder);
  language::read_stop_tokens(folder);
  std::vector<float> parameters(std::size_t(options.parameters()));
  language::read_parameters<float>(folder, options, parameters);
}

/// How many of the damaged files in the place of one of the folder's are refused, each by the name of a file there.
int refused(std::filesystem::path const& folder, char const* name, std::vector<std::string> const& all) {
  auto const whole = files::get(folder / name);
  std::size_t const weights = std::filesystem::file_size(folder / "model.safetensors");
  int refused = 0;
  for (auto const& file : all) {
    files::put(folder / name, file);
    std::size_t const before = allocated();
    auto const outcome = damage::outcome(folder, [&] { read_model(folder); });
    std::size_t const taken = allocated() - before;
    INFO(outcome);
    REQUIRE(!outcome.starts_with("FAULT"));
    REQUIRE(taken <= 32 * (file.size() + 2048) + 4 * weights);
    refused += outcome != "read";
  }
  files::put(folder / name, whole);
  return refused;
}

}  // namespace

TEST_CASE("damaged models: config.json and model.safetensors are read as they stand there, or refused by name") {
  files::scratch const here;
  for (char const* name : {"config.json", "model.safetensors"})
    std::filesystem::copy(paths::golden("llama/tied/") + name, here.path / name);
  CHECK(damage::outcome(here.path, [&] { read_model(here.path); }) == "read");
  auto const config = files::get(here.path / "config.json"), weights = files::get(here.path / "model.safetensors");
  auto const cut = damage::cut(config, 25);
  CHECK(refused(here.path, "config.json", cut) == int(cut.size()));
  CHECK(refused(here.path, "config.json", damage::flipped(config, 50)) > 10);
  CHECK(refused(here.path, "config.json", damage::some(damage::edited(config), 75)) > 20);
  CHECK(refused(here.path, "model.safetensors", damage::cut(weights, 25)) == 25);
  CHECK(refused(here.path, "model.safetensors", damage::lengths(weights)) == 8);
  std::vector<std::string> edited;
  for (auto const& header : damage::some(damage::edited(damage::header_of(weights)), 50))
    edited.push_back(damage::with_header(weights, header));
  CHECK(refused(here.path, "model.safetensors", edited) > 40);
}
