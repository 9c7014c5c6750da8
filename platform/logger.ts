import { pino } from "pino";

/** JSON lines on stdout. Fields that could carry a secret are cut, wherever a careless caller puts them. */
export function createLogger(component: string) {
	return pino({
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
	});
}
export type Logger = ReturnType<typeof createLogger>;
