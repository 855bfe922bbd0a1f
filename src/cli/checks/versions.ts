// The package and the Node that runs it → their versions. One that is too old never comes this far: bin/ says so.
import { VERSION } from "../../version.ts";
import type { Check } from "./check.ts";
import { findings } from "./findings.ts";

export const checkVersions: Check = ({ node }) => [findings.versions(VERSION, node.version)];
