#include <unistd.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>

#include <ranges>

#include "../catch.hpp"
#include "../support/allocated.hpp"
#include "../support/damage.hpp"
#include "../support/parameters.hpp"
#include "../support/sealed.hpp"
#include "small_run.hpp"

using namespace cohort;
using small_run::run_of, small_run::small_policy;
using support::parameters_of;

namespace {

std::string text_of(std::vector<std::byte> const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}
/// Damaged in every way, first as it is found by the checksum and then as it is not.
std::vector<std::string> damaged(std::string const& whole, std::size_t count) {
  std::vector<std::string> all;
  auto add = [&](std::vector<std::string> const& more) { all.insert(all.end(), more.begin(), more.end()); };
  auto sealed_too = [&](std::vector<std::string> const& more) {
    for (auto const& file : more) all.push_back(sealed(file));
  };
  auto const header = damage::header_of(whole);
  add(damage::cut(whole, count)), add(damage::flipped(whole, count));
  sealed_too(damage::cut(whole, count)), sealed_too(damage::flipped(whole, 2 * count)),
      sealed_too(damage::lengths(whole));
  for (auto const& text : damage::some(damage::edited(header), 2 * count))
    all.push_back(sealed(damage::with_header(whole, text)));
  auto described = damage::json::parse(header);
  for (auto const& text :
       damage::some(damage::edited(described["__metadata__"]["cohort"].get<std::string>()), 2 * count)) {
    described["__metadata__"]["cohort"] = "@";
    std::string quoted = described.dump();
    quoted.replace(quoted.find("\"@\""), 3,
                   file::json(text).dump(-1, ' ', false, file::json::error_handler_t::replace));
    all.push_back(sealed(damage::with_header(whole, quoted)));
  }
  return all;
}

/// What reading a file may allocate before it is known to be sound, and then for what stands in it.
std::size_t justified(std::string const& file) { return 32 * file.size() + 8192; }

/// What comes of reading it: neither a fault nor more memory than its length justifies.
template <class Read>
std::string checked_outcome(std::filesystem::path const& path, std::string const& file, Read read) {
  std::size_t const before = allocated();
  auto const outcome = damage::outcome(path, read);
  std::size_t const taken = allocated() - before;
  INFO(outcome);
  REQUIRE(!outcome.starts_with("FAULT"));
  REQUIRE(taken <= justified(file));
  return outcome;
}

}  // namespace

TEST_CASE("damaged files: a policy is read as it stands there, or refused by the file's name with nothing changed") {
  files::scratch const here;
  auto const path = here.path / "policy.cohort";
  eigen::backend cpu;
  auto policy = small_policy(cpu), other = small_policy(cpu, 2);
  auto const untouched = parameters_of(other);
  auto const all = damaged(text_of(saved_bytes(cpu, policy)), 65);
  REQUIRE(all.size() >= 500);
  int refused = 0, read = 0;
  for (auto const& file : all) {
    files::put(path, file);
    cpu.upload(other.parameters(), std::span(untouched));
    for (bool const made : {false, true}) {
      std::vector<float> loaded = untouched;
      auto const outcome = checked_outcome(path, file, [&] {
        if (made) {
          auto fresh = load<actor_critic>(cpu, classic_control::cart_pole{}, path);
          loaded = parameters_of(fresh);
        } else {
          load(cpu, other, path);
          loaded = parameters_of(other);
        }
      });
      INFO(outcome);
      if (outcome == "read") {
        ++read;
        auto const there = file::read_state(path).state.at("parameters").bytes;
        REQUIRE(std::ranges::equal(std::as_bytes(std::span(loaded)), there));
      } else {
        ++refused;
        REQUIRE((made || parameters_of(other) == untouched));
      }
    }
  }
  CHECK(refused > 900);
  CHECK(read > 10);
}

TEST_CASE("damaged files: a run goes on with what stands there, or refuses it by the file's name and stays as it was") {
  files::scratch const here;
  auto const path = here.path / "run.cohort";
  eigen::backend cpu;
  auto policy = small_policy(cpu), other = small_policy(cpu, 2);
  auto run = run_of(cpu, policy), again = run_of(cpu, other);
  REQUIRE(run.step());
  auto const untouched = copy_out(cpu, again);
  int refused = 0, read = 0;
  for (auto const& file : damaged(text_of(saved_bytes(cpu, run)), 25)) {
    files::put(path, file);
    auto const outcome = checked_outcome(path, file, [&] { load(cpu, again, path); });
    INFO(outcome);
    if (outcome == "read") {
      ++read;
      REQUIRE(copy_out(cpu, again) == file::read_state(path).state);
      copy_in(cpu, again, untouched);
    } else {
      ++refused;
      REQUIRE(copy_out(cpu, again) == untouched);
    }
  }
  CHECK(refused > 150);
  CHECK(read > 10);
}

TEST_CASE(
    "damaged files: among damaged checkpoints the newest sound one is gone on with, and each of the others is named") {
  files::scratch const here;
  eigen::backend cpu;
  auto policy = small_policy(cpu), other = small_policy(cpu, 2);
  checkpoints kept{here.path, {.every = 1, .keep = 100}};
  auto run = run_of(cpu, policy), again = run_of(cpu, other);
  REQUIRE(run.step());
  kept.save(cpu, run);
  auto const whole = files::get(kept.files().front());
  std::vector<std::string> const bad{"",          whole.substr(0, 100),         whole.substr(0, whole.size() - 1),
                                     whole + "x", damage::flipped(whole, 3)[2], std::string(whole.size(), '\0'),
                                     "{}"};
  for (std::size_t i = 0; i < bad.size(); ++i)
    files::put(here.path / ("update_00000000001" + std::to_string(i) + ".cohort"), bad[i]);
  REQUIRE(kept.load_newest(cpu, again));
  CHECK(copy_out(cpu, again) == copy_out(cpu, run));
  REQUIRE(kept.complaints().size() == bad.size());
  for (std::size_t i = 0; i < bad.size(); ++i)
    CHECK(kept.complaints()[i].starts_with(
        (here.path / ("update_00000000001" + std::to_string(bad.size() - 1 - i))).string()));
}

TEST_CASE("damaged files: a full disk and a folder that may not be written leave what was there") {
  files::scratch const here;
  eigen::backend cpu({.threads = 1});
  auto policy = small_policy(cpu), other = small_policy(cpu, 2);
  auto run = run_of(cpu, policy), again = run_of(cpu, other);
  REQUIRE(run.step());
  checkpoints kept{here.path, {.every = 1, .keep = 1}};
  kept.save(cpu, run);
  auto const whole = files::get(kept.files().front());
  REQUIRE(run.step());
  {
    files::small_disk const disk(600);
    CHECK_THROWS_AS(kept.save(cpu, run), io_error);
  }
  std::filesystem::permissions(here.path, std::filesystem::perms(0555));
  pid_t const child = ::fork();  // since to the superuser nothing is read-only
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(1);
    auto const said = damage::outcome(here.path, [&] { kept.save(cpu, run); });
    auto const new_folder = damage::outcome(here.path, [&] { checkpoints{here.path / "new"}; });
    ::_exit(said.ends_with("cannot be made: Permission denied") && new_folder.ends_with("Permission denied") ? 42 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  std::filesystem::permissions(here.path, std::filesystem::perms(0755));
  CHECK(WEXITSTATUS(status) == 42);
  REQUIRE(kept.files().size() == 1);
  CHECK(files::get(kept.files().front()) == whole);
  CHECK(files::entries(here.path) == 2);  // and the lock
  CHECK(kept.load_newest(cpu, again));
}
