import type { Metadata } from "next";
import { CreateCache } from "./create-cache.tsx";

export const metadata: Metadata = { title: "Create cache" };

export default function CreateCachePage() {
	return <CreateCache />;
}
