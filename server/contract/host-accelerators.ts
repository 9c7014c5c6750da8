import { z } from "zod";
import { acceleratorSettingsSchema } from "./accelerator-process.ts";

/** Instances of accelerators that the host should run, and endpoints of accelerators that its gateway should serve. */
export const hostAcceleratorsSchema = z.object({
	instances: z.array(z.object({ id: z.string(), settings: acceleratorSettingsSchema })).max(1_000),
	endpoints: z
		.array(
			z.object({
				acceleratorId: z.string(),
				name: z.string(),
				port: z.int32(),
				servers: z.array(
					z.object({ instanceId: z.string(), host: z.string().max(253), port: z.int32() }),
				),
			}),
		)
		.max(1_000),
});
export type HostAccelerators = z.infer<typeof hostAcceleratorsSchema>;
