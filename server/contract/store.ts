import { z } from "zod";

/** Settings as the database keeps them, by the store's kind. */
export const directorySettingsSchema = z.object({
	/** On the control plane's machine; absent for the local store, which is in its home. */
	path: z.string().optional(),
});
