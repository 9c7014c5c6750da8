import { pino } from "pino";
import { LogOutput } from "./log-output.ts";

const STDOUT = 1;

/**
 * JSON lines on stdout. A line that can't be written is dropped rather than ending the process. Fields that could carry a
 * secret are redacted at the top level and one level down.
 */
export function createLogger(component: string) {
	const options = {
		base: { component },
		level: process.env.LARDER_LOG_LEVEL || "info",
		redact: {
			paths: [
				"password",
				"credential",
				"token",
				"joinToken",
				"*.password",
				"*.credential",
				"*.token",
				"*.joinToken",
				"*.systemPassword",
				"req.headers.authorization",
				"req.headers.cookie",
			],
			censor: "[secret]",
		},
	};
	return pino(options, new LogOutput(STDOUT));
}
export type Logger = ReturnType<typeof createLogger>;
