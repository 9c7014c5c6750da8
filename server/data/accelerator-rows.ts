import { acceleratorCountersSchema } from "../contract/accelerator-process.ts";
import type { Prisma } from "./database.ts";

/** An accelerator with all that its view and its hosts need. */
export const FULL_ACCELERATOR = {
	include: {
		cache: {
			select: {
				...{ id: true, name: true, port: true, clusterMode: true, clientPassword: true },
				...{ servedByHostIds: true, deletingAt: true },
			},
		},
		instances: {
			include: {
				host: {
					select: { id: true, name: true, zone: true, advertisedAddress: true, online: true },
				},
			},
			orderBy: { id: "asc" },
		},
	},
	orderBy: { name: "asc" },
} as const satisfies Prisma.AcceleratorFindManyArgs;
export type FullAccelerator = Prisma.AcceleratorGetPayload<typeof FULL_ACCELERATOR>;

/** Counters as a column holds them; null for none, and for those of another version. */
export const countersColumn = {
	parse: (value: unknown) => acceleratorCountersSchema.safeParse(value).data ?? null,
};

/** The context in which the secret access key is sealed. */
export const acceleratorSecretContext = (id: string) => `accelerator ${id} secret`;
