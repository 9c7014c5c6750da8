import type { Metadata } from "next";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { CacheList } from "./cache-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/caches"].title };

export default function CachesPage() {
	return <CacheList />;
}
