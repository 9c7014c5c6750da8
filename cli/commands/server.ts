import { Command } from "commander";
import { builtProgram, currentHome } from "../installation/checkout.ts";
import { runInForeground } from "../installation/run-in-foreground.ts";

export function serverCommand(): Command {
	return new Command("server")
		.summary("run the control plane alone, in the foreground")
		.description(
			"Run the control plane alone, in the foreground, with its log on stdout: for a service manager. LARDER_CONSOLE=off serves the APIs without the console.",
		)
		.action(async () => {
			await runInForeground(builtProgram("server"), {
				...process.env,
				LARDER_HOME: currentHome().root,
				NODE_ENV: "production",
			});
		});
}
