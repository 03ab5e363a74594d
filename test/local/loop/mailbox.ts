import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

/** What a topic delivered. */
export interface Mail {
  readonly Subject: string;
  readonly Message: string;
  readonly MessageAttributes: Readonly<Record<string, { readonly Value: string }>>;
}

/** A queue that is subscribed to a topic, as a person's mailbox would be. */
export class Mailbox {
  private constructor(
    private readonly queues: SQSClient,
    private readonly queueUrl: string,
  ) {}

  static async subscribe(endpoint: string, topicArn: string): Promise<Mailbox> {
    const config = {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    const queues = new SQSClient(config);
    const { QueueUrl = '' } = await queues.send(new CreateQueueCommand({ QueueName: 'mailbox' }));
    const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    await new SNSClient(config).send(
      new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: Attributes?.QueueArn }),
    );
    return new Mailbox(queues, QueueUrl);
  }

  /** The next message, however long it takes; jest's own limit ends a wait for one that never comes. */
  async next(): Promise<Mail> {
    for (;;) {
      const { Messages: [message] = [] } = await this.queues.send(
        new ReceiveMessageCommand({ QueueUrl: this.queueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 1 }),
      );
      if (message === undefined) continue;
      await this.queues.send(
        new DeleteMessageCommand({ QueueUrl: this.queueUrl, ReceiptHandle: message.ReceiptHandle }),
      );
      return JSON.parse(message.Body ?? '') as Mail;
    }
  }
}
