// Standard input and output.
#include <gtest/gtest.h>

#include "support.h"
#include "wasi/files/transfer.h"

namespace wasm_grpc::wasi::test {
namespace {

using Lines = std::vector<std::string>;

TEST(Output, ComesALineAtATimeWithTheModulesName) {
  Machine machine;
  ASSERT_EQ(machine.write(1, "one\ntwo\nthr"), Errno::success);
  EXPECT_EQ(machine.guest.output.texts(), (Lines{"one", "two"}));
  ASSERT_EQ(machine.write(1, "ee\n\n"), Errno::success);
  EXPECT_EQ(machine.guest.output.texts(), (Lines{"one", "two", "three", ""}));
  ASSERT_EQ(machine.write(2, "trouble\r\n"), Errno::success);
  EXPECT_EQ(machine.guest.output.lines.front(), (CapturedOutput::Line{"machine", false, "one"}));
  EXPECT_EQ(machine.guest.output.lines.back(), (CapturedOutput::Line{"machine", true, "trouble"}));
}

TEST(Output, IsMadeOfAllPiecesInTheirOrder) {
  Machine machine;
  const IoVec pieces[3] = {{machine.put("a"), 1}, {0, 0}, {machine.put("b\nc\n"), 4}};
  const std::uint32_t written = machine.allocate(4);
  ASSERT_EQ(machine.call("fd_write", {1, machine.put_value(pieces), 3, written}), Errno::success);
  EXPECT_EQ(machine.get<std::uint32_t>(written), 5U);
  EXPECT_EQ(machine.guest.output.texts(), (Lines{"ab", "c"}));
}

TEST(Output, FlushesAHalfPrintedLine) {
  Machine machine;
  ASSERT_EQ(machine.write(1, "half"), Errno::success);
  EXPECT_TRUE(machine.guest.output.lines.empty());
  machine.guest.context.flush();
  machine.guest.context.flush();
  EXPECT_EQ(machine.guest.output.texts(), (Lines{"half"}));
}

TEST(Output, EscapesWhatCouldDisturbALog) {
  Machine machine;
  ASSERT_EQ(machine.write(1, "\x1b[31mred\x7f\ttab\n"), Errno::success);
  ASSERT_EQ(machine.write(1, "forged\rline\n"), Errno::success);
  ASSERT_EQ(machine.write(1, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\n"), Errno::success);
  ASSERT_EQ(machine.write(1, "\xc2\x9b|\xff|\xc0\xaf|\xed\xa0\x80|\xe2\x82\n"), Errno::success);
  EXPECT_EQ(machine.guest.output.texts(),
            (Lines{"\\x1b[31mred\\x7f\ttab", "forged\\x0dline", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80",
                   "\\xc2\\x9b|\\xff|\\xc0\\xaf|\\xed\\xa0\\x80|\\xe2\\x82"}));
}

TEST(Output, JoinsACharacterThatIsWrittenInTwoParts) {
  Machine machine;
  ASSERT_EQ(machine.write(1, "\xe2\x82"), Errno::success);
  ASSERT_EQ(machine.write(1, "\xac\n"), Errno::success);
  EXPECT_EQ(machine.guest.output.texts(), (Lines{"\xe2\x82\xac"}));
}

TEST(Output, CutsALineThatIsTooLongBetweenCharacters) {
  Machine machine;
  const std::string filler(LineBuffer::max_line_bytes - 1, 'x');
  ASSERT_EQ(machine.write(1, filler + "\xe2\x82\xac" + "end\n"), Errno::success);
  EXPECT_EQ(machine.guest.output.texts(), (Lines{filler,
                                                 "\xe2\x82\xac"
                                                 "end"}));

  machine.guest.output.lines.clear();
  const std::string full(LineBuffer::max_line_bytes, 'y');
  ASSERT_EQ(machine.write(1, full), Errno::success);
  ASSERT_EQ(machine.write(1, "\n" + full + "z\n"), Errno::success);
  EXPECT_EQ(machine.guest.output.texts(), (Lines{full, full, "z"}));
}

TEST(Output, TakesABoundedNumberOfBytesAndLinesAtOnce) {
  Machine machine;
  std::uint32_t written = 0;
  ASSERT_EQ(machine.write(1, std::string(1000, '\n'), &written), Errno::success);
  EXPECT_EQ(written, max_print_lines);
  EXPECT_EQ(machine.guest.output.lines.size(), max_print_lines);
  ASSERT_EQ(machine.write(2, std::string(100'000, 'x'), &written), Errno::success);
  EXPECT_EQ(written, max_print_bytes);
}

TEST(Output, IsATerminalToCLibrariesSoThatTheyWriteEveryLine) {
  Machine machine;
  const std::uint32_t out = machine.allocate(sizeof(FdStat));
  for (const std::uint64_t fd : {0, 1, 2}) {
    ASSERT_EQ(machine.call("fd_fdstat_get", {fd, out}), Errno::success);
    const auto status = machine.get<FdStat>(out);
    EXPECT_EQ(status.type, FileType::character_device);
    EXPECT_EQ(status.rights_base & (right::fd_seek | right::fd_tell), 0U);
    EXPECT_EQ(machine.call("fd_seek", {fd, 0, 1, out}), Errno::spipe);
    const std::uint32_t file = machine.allocate(sizeof(FileStat));
    ASSERT_EQ(machine.call("fd_filestat_get", {fd, file}), Errno::success);
    EXPECT_EQ(machine.get<FileStat>(file).type, FileType::character_device);
  }
}

TEST(Output, AcceptsThatItDoesNotBlock) {
  Machine machine;
  EXPECT_EQ(machine.call("fd_fdstat_set_flags", {1, fd_flag::nonblock}), Errno::success);
  const std::uint32_t out = machine.allocate(sizeof(FdStat));
  ASSERT_EQ(machine.call("fd_fdstat_get", {1, out}), Errno::success);
  EXPECT_EQ(machine.get<FdStat>(out).flags, fd_flag::nonblock);
  EXPECT_EQ(machine.call("fd_fdstat_set_flags", {1, 0x20}), Errno::inval);
  EXPECT_EQ(machine.call("fd_fdstat_set_flags", {1, fd_flag::sync}), Errno::notsup);
}

TEST(Output, EndsWhenItIsClosed) {
  Machine machine;
  ASSERT_EQ(machine.write(1, "last words"), Errno::success);
  EXPECT_EQ(machine.call("fd_close", {1}), Errno::success);
  EXPECT_EQ(machine.guest.output.texts(), (Lines{"last words"}));
  EXPECT_EQ(machine.write(1, "more\n"), Errno::badf);
  EXPECT_EQ(machine.call("fd_close", {1}), Errno::badf);
}

TEST(Output, CanBeRenumbered) {
  Machine machine;
  ASSERT_EQ(machine.call("fd_renumber", {2, 1}), Errno::success);
  ASSERT_EQ(machine.write(1, "now an error\n"), Errno::success);
  EXPECT_TRUE(machine.guest.output.lines.at(0).is_stderr);
  EXPECT_EQ(machine.write(2, "x"), Errno::badf);
  EXPECT_EQ(machine.call("fd_renumber", {1, 7}), Errno::badf);
  EXPECT_EQ(machine.call("fd_renumber", {1, 1}), Errno::success);
}

TEST(Input, IsAtItsEnd) {
  Machine machine;
  std::string text = "unset";
  ASSERT_EQ(machine.read(0, 16, text), Errno::success);
  EXPECT_EQ(text, "");
  EXPECT_EQ(machine.write(0, "x"), Errno::notcapable);
  EXPECT_EQ(machine.read(1, 16, text), Errno::notcapable);
  EXPECT_EQ(machine.read(42, 16, text), Errno::badf);
}

}  // namespace
}  // namespace wasm_grpc::wasi::test
