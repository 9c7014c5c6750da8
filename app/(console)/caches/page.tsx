import type { Metadata } from "next";
import { CacheList } from "./cache-list.tsx";

export const metadata: Metadata = { title: "Caches" };

export default function CachesPage() {
	return <CacheList />;
}
