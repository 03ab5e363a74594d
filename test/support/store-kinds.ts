import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { FolderStore } from '../../lambda/engine/io/folder-store';
import { ObjectStore } from '../../lambda/engine/io/object-store';
import { S3Store } from '../../lambda/engine/io/s3-store';
import { startTestAws, TestAws } from './local-aws';

/** A kind of object store, with a place of its own for one test file. */
export interface StoreKind {
  readonly name: string;
  start(): Promise<void>;
  /** Opens what lies below a path. */
  open(path: string): ObjectStore;
  /** How many uploads have been neither completed nor given up, in all that was opened. */
  pendingUploads(): Promise<number>;
  stop(): Promise<void>;
}

/** Every kind of store; what holds for one is to hold for all. */
export function storeKinds(): StoreKind[] {
  return [new FolderKind(), new S3Kind()];
}

class FolderKind implements StoreKind {
  readonly name = 'a folder';
  private readonly folder = mkdtempSync(join(tmpdir(), 'modelpress-store-'));
  private readonly stores: FolderStore[] = [];

  async start(): Promise<void> {}

  open(path: string): ObjectStore {
    const store = new FolderStore(join(this.folder, path));
    this.stores.push(store);
    return store;
  }

  async pendingUploads(): Promise<number> {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && entry.parentPath.endsWith('.modelpress-uploads'),
    ).length;
  }

  async stop(): Promise<void> {
    for (const store of this.stores) await store.close();
    rmSync(this.folder, { recursive: true });
  }
}

class S3Kind implements StoreKind {
  readonly name = 'S3';
  private aws!: TestAws;

  async start(): Promise<void> {
    this.aws = await startTestAws();
    await this.aws.s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  }

  open(path: string): ObjectStore {
    return new S3Store(this.aws.s3, { bucket: 'models', prefix: `${path}/` });
  }

  async pendingUploads(): Promise<number> {
    return (await this.aws.s3.send(new ListMultipartUploadsCommand({ Bucket: 'models' }))).Uploads?.length ?? 0;
  }

  async stop(): Promise<void> {
    await this.aws.close();
  }
}
