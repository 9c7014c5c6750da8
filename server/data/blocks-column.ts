import { z } from "zod";
import type { Block } from "../domain/cache/model.ts";

const stepColumn = z.custom<Block["step"]>((value) => typeof value === "string");
/** What blocks a cache's steps. */
export const blocksColumn = z.array(
	z.object({ step: stepColumn, nodeId: z.string().nullable(), reason: z.string() }),
);
