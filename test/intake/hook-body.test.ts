import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHookBodyReader, HOOK_BODY_KEEP, HOOK_BODY_KEEP_TAIL, type HookBody } from "../../src/intake/hook-body.ts";
import { createHookBodyScanner, type ScanLimits } from "../../src/intake/hook-body-scanner.ts";
import { seedOf } from "../support/seed.ts";
