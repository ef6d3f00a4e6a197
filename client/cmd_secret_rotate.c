#include "command.h"
SlipwayExitCode slipway_cmd_secret_rotate(const SlipwayArguments *arguments) { (void) arguments; return SLIPWAY_EXIT_ERROR; }
