// The folder for the sockets and settings of runs → whether it is ours alone, and a socket in it can be reached.
import { dirname } from "node:path";
import { probeRunDirectory } from "../../launch/probe-run-directory.ts";
import type { Check } from "./check.ts";
import { findings } from "./findings.ts";

export const checkRunFolder: Check = async ({ config, platform }) => {
	const { runDir, tmpDir } = config;
	const probed = await probeRunDirectory({ runDir, tmpDir, platform });
	switch (probed.state) {
		case "usable":
			return [findings.runFolder(runDir)];
		case "elsewhere":
			return [findings.runFolderUnfit(runDir, probed.unfit, dirname(probed.path))];
		case "nowhere":
			return [findings.runFolderMissing(runDir, probed.reason)];
	}
};
