-- AlterTable
ALTER TABLE "Cache" ADD COLUMN     "finalSnapshotId" TEXT,
ADD COLUMN     "snapshotRetentionDays" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "snapshotWindow" TEXT NOT NULL DEFAULT '03:00-04:00';

-- AlterTable
ALTER TABLE "Shard" ADD COLUMN     "restore" JSONB;

-- CreateTable
CREATE TABLE "Snapshot" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "cacheId" TEXT,
    "cacheName" TEXT NOT NULL,
    "storeId" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "statusReason" TEXT,
    "percent" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "source" JSONB NOT NULL,
    "tags" JSONB NOT NULL DEFAULT '{}',
    "copyOfId" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL,
    "progressAt" TIMESTAMP(3) NOT NULL,
    "availableAt" TIMESTAMP(3),
    "expiresAt" TIMESTAMP(3),

    CONSTRAINT "Snapshot_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SnapshotShard" (
    "id" TEXT NOT NULL,
    "snapshotId" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "slots" TEXT,
    "key" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "nodeId" TEXT,
    "transferId" TEXT,
    "takenAt" TIMESTAMP(3),
    "keys" BIGINT,
    "bytes" BIGINT,
    "sha256" TEXT,
    "content" JSONB,

    CONSTRAINT "SnapshotShard_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Snapshot_name_key" ON "Snapshot"("name");

-- CreateIndex
CREATE INDEX "Snapshot_createdAt_id_idx" ON "Snapshot"("createdAt", "id");

-- CreateIndex
CREATE INDEX "Snapshot_cacheName_createdAt_id_idx" ON "Snapshot"("cacheName", "createdAt", "id");

-- CreateIndex
CREATE INDEX "Snapshot_cacheId_idx" ON "Snapshot"("cacheId");

-- CreateIndex
CREATE INDEX "Snapshot_storeId_idx" ON "Snapshot"("storeId");

-- CreateIndex
CREATE INDEX "Snapshot_status_idx" ON "Snapshot"("status");

-- CreateIndex
CREATE INDEX "SnapshotShard_nodeId_idx" ON "SnapshotShard"("nodeId");

-- CreateIndex
CREATE UNIQUE INDEX "SnapshotShard_snapshotId_index_key" ON "SnapshotShard"("snapshotId", "index");

-- AddForeignKey
ALTER TABLE "Snapshot" ADD CONSTRAINT "Snapshot_storeId_fkey" FOREIGN KEY ("storeId") REFERENCES "Store"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Snapshot" ADD CONSTRAINT "Snapshot_cacheId_fkey" FOREIGN KEY ("cacheId") REFERENCES "Cache"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SnapshotShard" ADD CONSTRAINT "SnapshotShard_snapshotId_fkey" FOREIGN KEY ("snapshotId") REFERENCES "Snapshot"("id") ON DELETE CASCADE ON UPDATE CASCADE;
