// How a file is opened to which lines are appended: made where it is not there, and nobody waits for the reader of a pipe.
import { constants } from "node:fs";

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
/** Where a system has no such flag, it has no such pipes. */
export const APPEND_FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;
